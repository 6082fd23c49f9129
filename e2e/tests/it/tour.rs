//! The curl tour of the README: top up, place an order, watch it being paid.

use crate::stage::Stage;
use serde_json::{Value, json};
use testkit::eventually;

#[tokio::test]
async fn an_order_is_paid_and_watched_live() {
    let stage = Stage::new().await;
    let topped_up = stage.user(1).post("/payments/account/topup", r#"{"amount":500}"#).await;
    assert_eq!(topped_up.status, 200, "{}", topped_up.text);
    assert_eq!((&topped_up.json()["user_id"], &topped_up.json()["balance"]), (&json!(1), &json!(500)));

    let placed = stage.user(1).post("/orders/orders", r#"{"amount":200}"#).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    let order = placed.json();
    assert_eq!((&order["status"], &order["version"], &order["amount"]), (&json!("PENDING"), &json!(1), &json!(200)));
    let id = order["id"].as_str().unwrap();
    assert_eq!(placed.header("location"), format!("/orders/orders/{id}"), "the location is a path of the gateway");
    assert_eq!(stage.user(1).get(placed.header("location")).await.json()["id"], id);

    for path in [format!("/ws/orders/{id}"), format!("/orders/ws/orders/{id}"), "/ws/orders".to_owned()] {
        let mut socket = stage.watch(1, &path).await;
        let first = socket.next().await;
        assert_eq!((&first["type"], &first["order_id"]), (&json!("snapshot"), &json!(id)), "{path}");
        let paid = if first["status"] == "PAID" { first } else { socket.next().await };
        assert_eq!((&paid["status"], &paid["version"], &paid["reason"]), (&json!("PAID"), &json!(2), &Value::Null));
    }
    assert_eq!(stage.balance(1).await, 300);

    let second = stage.place(1, 400).await;
    let mut socket = stage.watch(1, &format!("/ws/orders/{second}")).await;
    let failed = socket.until(|message| message["status"] != "PENDING").await;
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("FAILED"), &json!("insufficient_funds")));
    assert_eq!(stage.order(1, &second).await["reason"], "insufficient_funds");
    assert_eq!(stage.balance(1).await, 300);

    let statement = stage.user(1).get("/payments/account/transactions").await.json();
    let rows: Vec<_> = statement.as_array().unwrap().iter().map(|row| (&row["kind"], &row["amount"])).collect();
    assert_eq!(rows, [(&json!("payment"), &json!(-200)), (&json!("topup"), &json!(500))]);
}

#[tokio::test]
async fn a_socket_of_all_orders_gets_new_orders_but_none_of_other_users() {
    let stage = Stage::new().await;
    stage.top_up(1, 500).await;
    stage.top_up(2, 500).await;
    let mut sockets = [stage.watch(1, "/ws/orders").await, stage.watch(1, "/orders/ws/orders").await];
    let of_another_user = stage.place(2, 1).await;
    let id = stage.place(1, 200).await;
    for socket in &mut sockets {
        // PENDING may be skipped: a socket may send only the newest version.
        let mut version = Value::from(0);
        while version != 2 {
            let message = socket.next().await;
            assert_ne!(message["order_id"], json!(of_another_user), "orders of other users are not sent");
            assert_eq!(message["order_id"], json!(id));
            assert!(message["version"].as_i64() > version.as_i64(), "{message} after version {version}");
            version = message["version"].clone();
        }
    }
}

#[tokio::test]
async fn an_order_of_a_user_without_account_fails_with_a_reason() {
    let stage = Stage::new().await;
    let id = stage.place(3, 10).await;
    eventually(json!(["FAILED", "no_account"]), async || {
        let order = stage.order(3, &id).await;
        json!([order["status"], order["reason"]])
    })
    .await;
    assert_eq!(stage.user(3).get("/payments/account/balance").await.status, 404);
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_through_the_gateway() {
    let stage = Stage::new().await;
    let client = stage.user(1).with_header("idempotency-key", "\"tour\"");
    let first = client.post("/orders/orders", r#"{"amount":200}"#).await;
    let again = client.post("/orders/orders", r#"{"amount":200}"#).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!(again.json(), first.json());
    assert_eq!((again.header("idempotency-replayed"), again.header("location")), ("true", first.header("location")));
    let other = client.post("/orders/orders", r#"{"amount":201}"#).await;
    assert_eq!((other.status.as_u16(), other.json()["code"].clone()), (422, json!("idempotency_key_reused")));
    assert_eq!(stage.count("orders.orders").await, 1);
}
