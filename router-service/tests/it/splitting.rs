//! Every method divides the whole cheque, to the last kopeck.

use crate::stage::{Stage, problem};
use serde_json::{Value, json};

async fn set(stage: &Stage, path: &str, body: &Value) -> Value {
    let answer = stage.owner().put(&format!("{path}/method"), &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stage.state(path).await["split"], answer.json()["split"], "the stored state equals the response");
    answer.json()["split"].clone()
}

fn dues(split: &Value) -> Vec<f64> {
    split["participants"].as_array().unwrap().iter().map(|one| one["due"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn every_method_divides_the_cheque() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    stage.join(&path, 7).await;
    stage.join(&path, 8).await;

    let equal = set(&stage, &path, &json!({ "method": "equal" })).await;
    let mut thirds = dues(&equal);
    thirds.sort_by(f64::total_cmp);
    assert_eq!((thirds, &equal["unclaimed"]), (vec![33.33, 33.33, 33.34], &json!(0)));

    let shares = set(&stage, &path, &json!({ "method": "shares", "shares": { "1": 1, "3": 3 } })).await;
    assert_eq!((dues(&shares), &shares["shares"]), (vec![25.0, 0.0, 75.0], &json!({ "1": 1, "3": 3 })));

    let percents = json!({ "1": 62.5, "2": 37.5 });
    let percent = set(&stage, &path, &json!({ "method": "percent", "percents": percents })).await;
    assert_eq!((dues(&percent), &percent["percents"]), (vec![62.5, 37.5, 0.0], &percents));
    assert_eq!(percent["shares"], Value::Null);

    let tip = json!({ "percent": 10 });
    let amounts = json!({ "1": 110, "2": 0 });
    let exact = set(&stage, &path, &json!({ "method": "exact", "amounts": amounts, "tip": tip })).await;
    assert_eq!((dues(&exact), &exact["tip"], &exact["total"]), (vec![110.0, 0.0, 0.0], &tip, &json!(110)));

    let items = set(&stage, &path, &json!({ "method": "items", "tip": { "amount": 5 } })).await;
    assert_eq!((&items["unclaimed"], &items["tip"]), (&json!(105), &json!({ "amount": 5 })));
}

#[tokio::test]
async fn the_tip_is_computed_from_the_claimed_lines() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000, 30_000]).await;
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await;
    let split = set(&stage, &path, &json!({ "method": "items", "tip": { "percent": 10 } })).await;
    assert_eq!((dues(&split), &split["unclaimed"]), (vec![0.0, 110.0], &json!(330)));
    let due = &stage.anonymous().get(&format!("{path}/dues")).await.json()["dues"][1];
    assert_eq!((&due["items"], &due["tip"]), (&json!(100), &json!(10)));
}

#[tokio::test]
async fn parts_that_do_not_add_up_are_refused_with_the_difference() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    stage.join(&path, 7).await;
    let refused = async |body: Value| {
        let answer = stage.owner().put(&format!("{path}/method"), &body.to_string()).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text);
        let error = answer.json()["errors"][0].clone();
        (error["pointer"].as_str().unwrap().to_owned(), error["detail"].as_str().unwrap().to_owned())
    };
    let (pointer, detail) = refused(json!({ "method": "percent", "percents": { "1": 60, "2": 39 } })).await;
    assert_eq!(
        (pointer.as_str(), detail.as_str()),
        ("/percents", "percents add up to 99 instead of 100: 1 is missing")
    );
    let (pointer, detail) = refused(json!({ "method": "exact", "amounts": { "1": 60, "2": 50.5 } })).await;
    assert_eq!(pointer, "/amounts");
    assert_eq!(detail, "amounts add up to 110.50 instead of 100: 10.50 is too much");
    let (pointer, _) = refused(json!({ "method": "shares", "shares": { "1": 0 } })).await;
    assert_eq!(pointer, "/shares");
    let (pointer, _) = refused(json!({ "method": "shares", "shares": { "9": 1 } })).await;
    assert_eq!(pointer, "/shares/9");
    assert_eq!(stage.state(&path).await["split"]["method"], json!("items"), "nothing was changed");
}

#[tokio::test]
async fn from_the_first_settlement_on_the_method_is_fixed() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let participant = stage.join(&path, 7).await;
    set(&stage, &path, &json!({ "method": "equal" })).await;
    let paid = stage.pay_cash(&path, participant).await.json();
    assert_eq!(paid["split"]["participants"][1]["settlement"], json!({ "state": "cash", "amount": 50 }));
    assert_eq!((&paid["split"]["status"], &paid["split"]["frozen"]), (&json!("settled"), &json!(true)));
    let method = stage.owner().put(&format!("{path}/method"), r#"{"method": "items"}"#).await;
    assert_eq!(problem(&method), (409, "settlement_started".into(), Value::Null));
    let cheque = stage.owner().patch(&format!("{path}/cheque"), r#"{"total_account": 1}"#).await;
    assert_eq!(problem(&cheque), (409, "settlement_started".into(), Value::Null));
    // Equal is equal at the end: who has paid more than their part after others joined is owed the difference.
    stage.join(&path, 8).await;
    stage.join(&path, 9).await;
    let split = stage.state(&path).await["split"].clone();
    assert_eq!((dues(&split), &split["status"]), (vec![25.0; 4], &json!("open")));
    assert_eq!((&split["participants"][1]["paid"], &split["participants"][1]["to_pay"]), (&json!(50), &json!(-25)));
}
