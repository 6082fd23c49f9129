//! Invalid input gets the right problem document, and nothing is written.

use crate::stage::Stage;
use http::Method;
use serde_json::json;

#[tokio::test]
async fn an_invalid_amount_is_rejected_with_a_pointer() {
    let stage = Stage::new().await;
    let bodies = [
        r#"{"amount": 0}"#,
        r#"{"amount": -5}"#,
        r#"{"amount": 1e400}"#,
        r#"{"amount": "abc"}"#,
        r#"{"amount": "500"}"#,
        r#"{"amount": 499.999}"#,
        r#"{"amount": 1000000000000.01}"#,
        r#"{"amount": null}"#,
        r#"{"amount": true}"#,
        r#"{"amount": 1, "amount": 2}"#,
        "{}",
    ];
    for body in bodies {
        let answer = stage.user(1).post("/orders", body).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["errors"][0]["pointer"], "/amount", "{body}");
        assert!(answer.json()["trace_id"].is_string());
    }
    let unknown = stage.user(1).post("/orders", r#"{"amount": 1, "currency": "EUR"}"#).await;
    assert_eq!((unknown.status.as_u16(), unknown.json()["errors"][0]["pointer"].clone()), (422, json!("/currency")));
    assert_eq!((stage.count("orders").await, stage.count("outbox").await), (0, 0));
}

#[tokio::test]
async fn a_request_without_valid_json_is_rejected() {
    let stage = Stage::new().await;
    let user = stage.user(1);
    for body in ["", "{", "{\"amount\": 1", "amount=1", "{\"amount\": NaN}"] {
        let answer = user.post("/orders", body).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (400, json!("invalid_json")), "{body}");
    }
    let form = user.send(Method::POST, "/orders", Some("application/x-www-form-urlencoded"), "amount=1").await;
    assert_eq!((form.status.as_u16(), form.json()["code"].clone()), (415, json!("unsupported_media_type")));
    let endless = format!(r#"{{"amount": 1, "x": "{}"}}"#, "x".repeat(2 * 1024 * 1024));
    let large = user.post("/orders", &endless).await;
    assert_eq!((large.status.as_u16(), large.json()["code"].clone()), (413, json!("payload_too_large")));
    let method = user.send(Method::DELETE, "/orders", None, "").await;
    assert_eq!((method.status.as_u16(), method.header("allow")), (405, "POST,GET,HEAD"));
    assert_eq!(stage.count("orders").await, 0);
}

#[tokio::test]
async fn a_missing_or_malformed_user_id_is_401() {
    let stage = Stage::new().await;
    let anonymous = testkit::Client::new(&stage.program.url());
    for user in ["abc", "0", "-1", "1.5", "9223372036854775808", "1 2"] {
        let answer = anonymous.with_header("x-user-id", user).get("/orders").await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (401, json!("unauthenticated")), "{user}");
    }
    assert_eq!(anonymous.get("/orders").await.status, 401);
}

#[tokio::test]
async fn wrong_pages_and_unknown_paths_are_problems() {
    let stage = Stage::new().await;
    for query in ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "status=paid"] {
        let answer = stage.user(1).get(&format!("/orders?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (422, json!("invalid_request")), "{query}");
    }
    let answer = stage.user(1).get("/nowhere").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (404, json!("not_found")));
}

#[tokio::test]
async fn a_description_is_bounded_text() {
    let stage = Stage::new().await;
    for description in [json!("x".repeat(501)), json!(5), json!("bell\u{7}")] {
        let body = json!({ "amount": 1, "description": description }).to_string();
        let answer = stage.user(1).post("/orders", &body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["pointer"]), (422, &json!("/description")));
    }
    let both = stage.user(1).post("/orders", r#"{"amount": 0, "description": 5}"#).await.json();
    assert_eq!(both["errors"].as_array().map(Vec::len), Some(2), "every fault is named at once");
    assert_eq!(stage.count("orders").await, 0);
}
