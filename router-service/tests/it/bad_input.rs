//! Invalid requests get the right problem document, and change nothing.

use crate::stage::{Stage, problem};
use serde_json::{Value, json};

#[tokio::test]
async fn a_claim_is_a_part_of_a_line_that_is_there() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let claim =
        async |line: &str, body: &str| problem(&stage.owner().put(&format!("{path}/claims/{line}"), body).await);
    let wrong = |pointer: &str| (422, "invalid_request".to_owned(), json!(pointer));
    assert_eq!(claim("1", r#"{"numerator": 3, "denominator": 2}"#).await, wrong("/numerator"));
    assert_eq!(claim("1", r#"{"numerator": 1, "denominator": 0}"#).await, wrong("/denominator"));
    assert_eq!(claim("1", r#"{"numerator": 1, "denominator": 101}"#).await, wrong("/denominator"));
    assert_eq!(claim("1", r#"{"numerator": -1, "denominator": 2}"#).await, wrong("/numerator"));
    assert_eq!(claim("1", r#"{"numerator": 0.5, "denominator": 2}"#).await, wrong("/numerator"));
    assert_eq!(claim("1", r#"{"numerator": 1}"#).await, wrong("/denominator"));
    assert_eq!(claim("1", r#"{"numerator": 1, "denominator": 1, "for": 2}"#).await, wrong("/for"));
    let whole = r#"{"numerator": 1, "denominator": 1}"#;
    for line in ["2", "0", "-1", "x", "99999999999999999999"] {
        assert_eq!(claim(line, whole).await, (404, "line_not_found".into(), Value::Null), "{line}");
    }
    assert_eq!(claim("1", "{").await.0, 400);
    assert_eq!(stage.state(&path).await["split"]["version"], json!(1), "nothing was changed");
}

#[tokio::test]
async fn a_tip_is_never_negative_and_either_percent_or_amount() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let refused = async |tip: Value| {
        let body = json!({ "method": "items", "tip": tip }).to_string();
        problem(&stage.owner().put(&format!("{path}/method"), &body).await)
    };
    let wrong = |pointer: &str| (422, "invalid_request".to_owned(), json!(pointer));
    assert_eq!(refused(json!({ "amount": -1 })).await, wrong("/tip/amount"));
    assert_eq!(refused(json!({ "percent": -1 })).await, wrong("/tip/percent"));
    assert_eq!(refused(json!({ "percent": 100.01 })).await, wrong("/tip/percent"));
    assert_eq!(refused(json!({ "percent": 0.001 })).await, wrong("/tip/percent"));
    assert_eq!(refused(json!({ "percent": 1, "amount": 1 })).await, wrong("/tip"));
    assert_eq!(refused(json!(5)).await, wrong("/tip"));
    assert_eq!(refused(json!({})).await, wrong("/tip"));
    assert_eq!(refused(json!({ "percents": 1 })).await.0, 422);
}

#[tokio::test]
async fn a_method_accepts_only_its_own_parts() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let refused = async |body: Value| problem(&stage.owner().put(&format!("{path}/method"), &body.to_string()).await);
    let wrong = |pointer: &str| (422, "invalid_request".to_owned(), json!(pointer));
    assert_eq!(refused(json!({ "method": "half" })).await, wrong("/method"));
    assert_eq!(refused(json!({})).await, wrong("/method"));
    assert_eq!(refused(json!({ "method": "shares" })).await, wrong("/shares"));
    assert_eq!(refused(json!({ "method": "equal", "shares": { "1": 1 } })).await, wrong("/shares"));
    assert_eq!(refused(json!({ "method": "shares", "shares": { "1": 1.5 } })).await, wrong("/shares/1"));
    assert_eq!(refused(json!({ "method": "shares", "shares": [1] })).await, wrong("/shares"));
    assert_eq!(refused(json!({ "method": "exact", "amounts": { "1": -1 } })).await, wrong("/amounts/1"));
    assert_eq!(refused(json!({ "method": "percent", "percents": { "you": 100 } })).await, wrong("/percents/you"));
    assert_eq!(refused(json!({ "method": "percent", "percents": { "01": 100 } })).await, wrong("/percents/01"));
    assert_eq!(refused(json!({ "method": "shares", "shares": { "+1": 5 } })).await, wrong("/shares/+1"));
}

#[tokio::test]
async fn a_correction_reports_every_error_with_its_pointer() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let refused = async |body: Value| {
        let answer = stage.owner().patch(&format!("{path}/cheque"), &body.to_string()).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text);
        let errors = answer.json()["errors"].clone();
        errors.as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let good = json!({ "id": 1, "name": "Суп", "numberServings": 1, "total": 1 });
    let bad = json!({ "name": "", "numberServings": 0, "total": "x", "price": 0.0001, "colour": 1, "modifiers": [5] });
    assert_eq!(
        refused(json!({ "version": 1, "products": [good, bad], "currency": "rub", "discount": -1 })).await,
        [
            "/discount",
            "/currency",
            "/products/1/modifiers/0",
            "/products/1/name",
            "/products/1/numberServings",
            "/products/1/price",
            "/products/1/total",
            "/products/1/colour",
        ]
    );
    let unknown = json!({ "id": 7, "name": "Суп", "numberServings": 1, "total": 1 });
    assert_eq!(refused(json!({ "version": 1, "products": [good, unknown] })).await, ["/products/1/id"]);
    assert_eq!(refused(json!({ "version": 1, "products": [good, good] })).await, ["/products/1/id"]);
    assert_eq!(refused(json!({ "version": 1, "products": {} })).await, ["/products"]);
    assert_eq!(refused(json!({ "total": 1 })).await, ["/total"]);
    assert_eq!(refused(json!({ "total_account": 1_000_000_000_001_i64 })).await, ["/total_account"]);
    assert_eq!(refused(json!({ "confirmed": "yes" })).await, ["/confirmed"]);
    assert_eq!(stage.state(&path).await["split"]["version"], json!(1), "nothing was changed");
}

#[tokio::test]
async fn a_name_is_short_text() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    for name in [json!(""), json!("   "), json!("я".repeat(41)), json!("bell\u{7}"), json!(5), Value::Null] {
        let body = json!({ "name": name }).to_string();
        let refused = stage.user(7).post(&format!("{path}/participants"), &body).await;
        assert_eq!(problem(&refused), (422, "invalid_request".into(), json!("/name")), "{name}");
    }
    let token = json!({ "name": "Аня", "participant_token": "mine" }).to_string();
    let refused = stage.anonymous().post(&format!("{path}/participants"), &token).await;
    assert_eq!(problem(&refused), (422, "invalid_request".into(), json!("/participant_token")));
}

#[tokio::test]
async fn a_malformed_user_id_is_401() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    for user in ["0", "-1", "abc", ""] {
        let client = stage.anonymous().with_header("x-user-id", user);
        assert_eq!(problem(&client.get(&path).await), (401, "unauthenticated".into(), Value::Null), "{user}");
    }
}

#[tokio::test]
async fn settling_rejects_unknown_fields() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let settle = format!("{path}/settle");
    let wrong = |pointer: &str| (422, "invalid_request".to_owned(), json!(pointer));
    assert_eq!(problem(&stage.user(7).post(&settle, r#"{"sum": 1}"#).await), wrong("/sum"));
    assert_eq!(problem(&stage.user(7).post(&settle, r#"{"amount": 0}"#).await), wrong("/amount"));
    assert_eq!(problem(&stage.user(7).post(&settle, r#"{"version": 0}"#).await), wrong("/version"));
    assert_eq!(problem(&stage.user(7).post(&settle, r#"{"participant": "2"}"#).await), wrong("/participant"));
    let endless = stage.user(7).with_header("idempotency-key", &"k".repeat(256));
    assert_eq!(endless.post(&settle, "{}").await.status, 422);
}
