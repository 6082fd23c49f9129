//! Parts of a line are claimed, but never more than the whole line.

use crate::stage::{Stage, problem};
use serde_json::{Value, json};

#[tokio::test]
async fn participants_pay_their_claims_and_the_remainder_is_shown() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 10_000]).await;
    stage.join(&path, 7).await;
    let (first, second) = (format!("{path}/claims/1"), format!("{path}/claims/2"));
    stage.owner().put(&first, r#"{"numerator": 1, "denominator": 1}"#).await;
    let seen = stage.user(7).put(&second, r#"{"numerator": 2, "denominator": 6}"#).await.json();
    assert_eq!(seen["split"]["claims"][1], json!({ "line": 2, "participant": 2, "numerator": 1, "denominator": 3 }));
    assert_eq!(seen["split"]["remainders"], json!([{ "line": 2, "numerator": 2, "denominator": 3 }]));
    assert_eq!(seen["split"]["participants"][1]["due"], json!(33.33));
    assert_eq!(seen["split"]["unclaimed"], json!(66.67));
    let dues = stage.anonymous().get(&format!("{path}/dues")).await.json();
    assert_eq!((&dues["total"], &dues["unclaimed"]), (&json!(200), &json!(66.67)));
    assert_eq!(dues["dues"][0]["items"], json!(100));
    let back = stage.user(7).delete(&second).await.json();
    assert_eq!(back["split"]["unclaimed"], json!(100));
    let zero = stage.owner().put(&first, r#"{"numerator": 0, "denominator": 5}"#).await.json();
    assert_eq!(zero["split"]["claims"], json!([]));
}

#[tokio::test]
async fn a_late_claim_is_refused_with_the_remaining_part() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    stage.join(&path, 7).await;
    let line = format!("{path}/claims/1");
    let version =
        stage.owner().put(&line, r#"{"numerator": 2, "denominator": 3}"#).await.json()["split"]["version"].clone();
    let late = stage.user(7).put(&line, r#"{"numerator": 1, "denominator": 2}"#).await;
    assert_eq!(problem(&late), (409, "line_taken".into(), Value::Null));
    assert_eq!(late.json()["left"], json!({ "numerator": 1, "denominator": 3 }));
    assert_eq!(late.json()["version"], version);
    assert_eq!(stage.user(7).put(&line, r#"{"numerator": 1, "denominator": 3}"#).await.status, 200);
}

#[tokio::test]
async fn twenty_at_once_never_take_more_than_the_whole() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    for user in 2..=21 {
        stage.join(&path, user).await;
    }
    let line = format!("{path}/claims/1");
    let clients: Vec<_> = (2..=21).map(|user| stage.user(user)).collect();
    let thirds = clients.iter().map(|client| client.put(&line, r#"{"numerator": 1, "denominator": 3}"#));
    let answers = futures_util::future::join_all(thirds).await;
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((taken, refused), (3, 17));
    let split = &stage.state(&path).await["split"];
    assert_eq!((&split["remainders"], &split["unclaimed"]), (&json!([]), &json!(0)));
    let dues: Vec<f64> =
        split["participants"].as_array().unwrap().iter().filter_map(|one| one["due"].as_f64()).collect();
    assert!((dues.iter().sum::<f64>() - 100.0).abs() < 1e-9);
    assert_eq!(split["version"], json!(1 + 20 + 3), "one version per change");
}

#[tokio::test]
async fn only_participants_claim_lines() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let line = format!("{path}/claims/1");
    let whole = r#"{"numerator": 1, "denominator": 1}"#;
    assert_eq!(problem(&stage.anonymous().put(&line, whole).await), (401, "unauthenticated".into(), Value::Null));
    assert_eq!(problem(&stage.guest("unknown").put(&line, whole).await).0, 401);
    assert_eq!(problem(&stage.user(7).put(&line, whole).await), (409, "join_first".into(), Value::Null));
    assert_eq!(problem(&stage.user(7).delete(&line).await), (409, "join_first".into(), Value::Null));
}
