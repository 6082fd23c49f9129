//! U+0000, which PostgreSQL can't store, is a mistake of the client wherever it is.

use crate::signing_in::Stage;
use crate::table::SLIP;
use http::Method;
use serde_json::json;
use testkit::{TestResponse, picture};

const TEXT: &str = "hush\u{0}hush1";

#[tokio::test]
async fn a_nul_in_any_text_is_refused_and_never_a_failure_of_ours() {
    let stage = Stage::with_cheques().await;
    let boss = stage.bearer(&stage.administrator("boss").await);
    let photo = picture::jpeg(&picture::slip(&SLIP));
    let read = boss.upload("/ocr/load-image", "cheque.jpg", "image/jpeg", &photo).await.json();
    let hash = read["hash"].as_str().unwrap();
    let at = |tail: &str| format!("/small-router/{hash}{tail}");
    let line = json!({"name": TEXT, "numberServings": 1, "total": 1, "modifiers": [TEXT]});
    let (post, put, patch) = (Method::POST, Method::PUT, Method::PATCH);
    let bodies = [
        (&post, "/orders/orders".to_owned(), json!({"amount": 1, "description": TEXT})),
        (&post, "/orders/orders".to_owned(), json!({"amount": 1, TEXT: 1})),
        (&post, "/payments/account/topup".to_owned(), json!({"amount": TEXT})),
        (&post, "/login".to_owned(), json!({"login": TEXT, "password": TEXT})),
        (&post, "/users/refresh".to_owned(), json!({"refresh_token": TEXT})),
        (&post, "/users/password".to_owned(), json!({"current_password": TEXT, "new_password": TEXT})),
        (&post, "/users/password-reset".to_owned(), json!({"token": TEXT, "new_password": TEXT})),
        (&put, "/users/users/1/role".to_owned(), json!({"role": TEXT})),
        (&post, at("/participants"), json!({"name": TEXT})),
        (&put, at("/method"), json!({"method": TEXT, "shares": {TEXT: 1}})),
        (&put, at("/claims/1"), json!({"numerator": TEXT, "denominator": 1})),
        (&patch, at("/cheque"), json!({"products": [line], "currency": TEXT})),
        (&post, "/orders/operations/dead-letters/replay-selected".to_owned(), json!({"type": TEXT, "reason": TEXT})),
        (&post, "/orders/operations/dead-letters/discard-selected".to_owned(), json!({"direction": TEXT})),
    ];
    let is_refused = |answer: &TestResponse, what: &str| {
        assert!(answer.status.is_client_error(), "{what}: {} {}", answer.status, answer.text);
    };
    for (method, path, body) in &bodies {
        let answer = boss.send((*method).clone(), path, Some("application/json"), &body.to_string()).await;
        is_refused(&answer, &format!("{method} {path} {body}"));
    }
    for path in [
        "/orders/orders/%00",
        "/orders/orders?status=%00",
        "/orders/orders?cursor=%00",
        "/orders/orders?limit=%00",
        "/payments/account/transactions?cursor=%00",
        "/users/users?cursor=%00",
        "/users/users/%00",
        "/users/sessions/%00",
        "/small-router/%00",
        "/small-router/a%00bcdefghijklmnopqrstu",
        "/ocr/cheques/%00/photo",
        "/orders/operations/dead-letters?type=%00",
        "/orders/operations/dead-letters?reason=a%00b&cursor=%00",
        "/orders/operations/dead-letters/incoming/%00",
        "/%00",
    ] {
        is_refused(&boss.get(path).await, path);
    }
}

/// A peer may send what it likes. Its message is a dead letter, which operators can settle.
#[tokio::test]
async fn a_dead_letter_with_a_nul_in_its_key_can_be_settled() {
    let stage = Stage::new().await;
    let boss = stage.bearer(&stage.administrator("boss").await);
    let id = uuid::Uuid::now_v7();
    let message = json!({
        "specversion": "1.0", "id": id, "source": TEXT, "type": "orders.OrderCreated.v1", "subject": TEXT,
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": "1", "partitionkey": TEXT,
        "correlationid": id, "data": {"order_id": TEXT},
    });
    stage.broker.publish("orders", "orders.OrderCreated.v1", &message.to_string()).await;
    testkit::eventually(1, async || stage.count("payments.dead_letters").await).await;
    let letters = boss.get("/payments/operations/dead-letters").await;
    let found = letters.json()[0].clone();
    let at = format!("/payments/operations/dead-letters/incoming/{}", found["event_id"].as_str().unwrap());
    for (path, body) in
        [(format!("{at}/replace"), json!({"data": {"order_id": TEXT}})), (format!("{at}/replay"), json!({}))]
    {
        let answer = boss.post(&path, &body.to_string()).await;
        assert!(!answer.status.is_server_error(), "{path}: {} {}", answer.status, answer.text);
    }
    assert!(boss.post(&format!("{at}/discard"), "").await.status.as_u16() < 500);
}
