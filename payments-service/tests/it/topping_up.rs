//! Accounts and top-ups over HTTP.

use crate::stage::Stage;
use contracts::ids::UserId;
use contracts::users::UserRegistered;
use serde_json::json;
use testkit::eventually;

#[tokio::test]
async fn an_account_is_opened_once_and_its_balance_is_returned() {
    let stage = Stage::new().await;
    let user = stage.user(1);
    assert_eq!(user.get("/account/balance").await.status, 404);
    for _ in 0..2 {
        let answer = user.send(http::Method::POST, "/account", None, "").await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "user_id": 1, "balance": 0 })));
    }
    let answer = user.post("/account/topup", r#"{"amount": 500.05}"#).await;
    assert_eq!(answer.json()["balance"], json!(500.05));
    assert!(answer.json()["transaction_id"].is_string());
    assert_eq!(user.get("/account/balance").await.json(), json!({ "user_id": 1, "balance": 500.05 }));
}

#[tokio::test]
async fn registration_opens_an_account_and_keeps_an_existing_balance() {
    let stage = Stage::new().await;
    stage.top_up(8, "10").await;
    for user in [7, 8, 7] {
        stage.broker.announce(&UserRegistered { user_id: UserId::try_from(user).unwrap() }).await;
    }
    eventually(json!(0), async || stage.balance(7).await).await;
    assert_eq!(stage.balance(8).await, 10);
}

#[tokio::test]
async fn a_top_up_opens_a_missing_account() {
    let stage = Stage::new().await;
    stage.top_up(7, "500").await;
    assert_eq!(stage.balance(7).await, json!(500));
}

#[tokio::test]
async fn the_same_key_tops_up_once() {
    let stage = Stage::new().await;
    let user = stage.user(1).with_header("idempotency-key", "\"my key\"");
    let first = user.post("/account/topup", r#"{"amount": 10}"#).await;
    let again = user.post("/account/topup", r#"{"amount": 10}"#).await;
    assert_eq!((again.status, &again.text), (first.status, &first.text));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let other = user.post("/account/topup", r#"{"amount": 11}"#).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].clone()), (422, json!("idempotency_key_reused")));
    // Keys of different users are independent.
    let neighbour = stage.user(2).with_header("idempotency-key", "my key");
    assert_eq!(neighbour.post("/account/topup", r#"{"amount": 11}"#).await.json()["balance"], 11);
    assert_eq!(stage.balance(1).await, json!(10));
}

#[tokio::test]
async fn the_same_key_many_times_at_once_tops_up_once() {
    let stage = Stage::new().await;
    let user = stage.user(1).with_header("idempotency-key", "k");
    let all = (0..20).map(|_| user.post("/account/topup", r#"{"amount": 10}"#));
    let statuses: Vec<u16> = futures_util::future::join_all(all).await.iter().map(|a| a.status.as_u16()).collect();
    assert!(statuses.contains(&200));
    assert!(statuses.iter().all(|status| [200, 409].contains(status)), "{statuses:?}");
    assert_eq!(stage.balance(1).await, json!(10));
    assert_eq!(stage.count("ledger").await, 1);
}

#[tokio::test]
async fn a_key_whose_response_was_deleted_still_tops_up_once() {
    let stage = Stage::new().await;
    let user = stage.user(1).with_header("idempotency-key", "k");
    user.post("/account/topup", r#"{"amount": 10}"#).await;
    sqlx::query("delete from idempotency_keys").execute(&stage.pool).await.unwrap();
    let answer = user.post("/account/topup", r#"{"amount": 10}"#).await;
    assert_eq!(answer.status, 422);
    assert_eq!(stage.balance(1).await, json!(10));
}

#[tokio::test]
async fn a_balance_has_a_maximum_and_exceeding_it_is_reported() {
    let stage = Stage::new().await;
    sqlx::query("insert into accounts (user_id, balance) values (1, 99999999999999999)")
        .execute(&stage.pool)
        .await
        .unwrap();
    let answer = stage.user(1).post("/account/topup", r#"{"amount": 1}"#).await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].clone()), (422, json!("balance_too_large")));
    assert_eq!(stage.count("ledger").await, 0);
}
