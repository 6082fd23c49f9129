//! Live status: a snapshot, then updates with increasing versions, on every replica.

use crate::stage::{Stage, replica, watch};
use contracts::ids::OrderId;
use contracts::payments::RefusalReason;
use serde_json::json;
use testkit::{Ended, RawSocket, assert_close_is_answered, assert_violations_are_closed};
use uuid::Uuid;

#[tokio::test]
async fn a_socket_sends_the_state_and_then_each_change() {
    let stage = Stage::new().await;
    let id = stage.place(1, "10").await;
    let mut socket = stage.watch(1, &format!("/ws/orders/{id}")).await.unwrap();
    let snapshot = socket.next().await;
    let expected = json!({
        "type": "snapshot", "order_id": id, "status": "PENDING", "version": 1, "amount": 10, "reason": null,
        "at": snapshot["at"],
    });
    assert_eq!(snapshot, expected);
    stage.refuse(id, RefusalReason::NoAccount).await;
    let update = socket.next().await;
    assert_eq!(
        (&update["type"], &update["status"], &update["version"]),
        (&json!("update"), &json!("FAILED"), &json!(2))
    );
    assert_eq!(update["reason"], "no_account");
}

#[tokio::test]
async fn a_socket_of_all_orders_gets_new_orders_but_none_of_other_users() {
    let stage = Stage::new().await;
    let old = stage.place(1, "1").await;
    let mut socket = stage.watch(1, "/ws/orders").await.unwrap();
    assert_eq!(socket.next().await["order_id"], json!(old));
    stage.place(2, "2").await;
    let new = stage.place(1, "3").await;
    let message = socket.next().await;
    assert_eq!((&message["order_id"], &message["status"]), (&json!(new), &json!("PENDING")));
    stage.pay(new).await;
    let message = socket.next().await;
    assert_eq!((&message["order_id"], &message["status"]), (&json!(new), &json!("PAID")));
}

#[tokio::test]
async fn a_change_that_one_replica_commits_reaches_the_sockets_of_the_others() {
    let stage = Stage::new().await;
    let other = replica(&stage.database, &stage.broker).await;
    let mut sockets = vec![];
    for program in [&stage.program, &other] {
        let mut socket = watch(program, 1, "/ws/orders").await.unwrap();
        let id = stage.place(1, "1").await;
        socket.until(|message| message["order_id"] == json!(id)).await;
        sockets.push(socket);
    }
    let id = stage.place(1, "10").await;
    stage.pay(id).await;
    for socket in &mut sockets {
        socket.until(|message| message["order_id"] == json!(id) && message["status"] == "PAID").await;
    }
}

#[tokio::test]
async fn only_the_owner_may_watch() {
    let stage = Stage::new().await;
    let id = stage.place(1, "10").await;
    assert_eq!(stage.watch(2, &format!("/ws/orders/{id}")).await.err(), Some(404));
    assert_eq!(stage.watch(1, &format!("/ws/orders/{}", OrderId(Uuid::now_v7()))).await.err(), Some(404));
    let url = format!("ws://127.0.0.1:{}/ws/orders", stage.program.port());
    assert_eq!(testkit::Socket::open(&url, &[]).await.err(), Some(401));
    assert_eq!(stage.user(1).get("/ws/orders").await.status, 426);
}

#[tokio::test]
async fn a_stopping_service_closes_sockets_with_service_restart() {
    let mut stage = Stage::new().await;
    let id = stage.place(1, "10").await;
    let mut socket = stage.watch(1, &format!("/ws/orders/{id}")).await.unwrap();
    socket.next().await;
    let stopping = stage.program.stop();
    let (clean, code) = tokio::join!(stopping, socket.closed());
    assert_eq!(code, Some(1012));
    assert!(clean, "the process ended cleanly");
}

#[tokio::test]
async fn a_read_replica_that_lags_hides_nothing_that_the_client_has_just_done() {
    // A replica that has received nothing yet.
    let lagging = testkit::TestDatabase::migrated().await;
    let stage = Stage::with(&[("DATABASE_READ_URL", &lagging.service_url("orders"))]).await;
    let id = stage.place(1, "10").await;
    assert_eq!(stage.user(1).get(&format!("/orders/{id}")).await.status, 200);
    assert_eq!(stage.user(1).get("/orders").await.json()[0]["id"], json!(id));
    for path in [format!("/ws/orders/{id}"), "/ws/orders".to_owned()] {
        let snapshot = stage.watch(1, &path).await.unwrap().next().await;
        assert_eq!((&snapshot["type"], &snapshot["order_id"]), (&json!("snapshot"), &json!(id)), "{path}");
    }
}

#[tokio::test]
async fn a_close_is_answered_with_the_same_close() {
    let stage = Stage::new().await;
    assert_close_is_answered(async || raw(&stage).await).await;
}

#[tokio::test]
async fn a_violation_of_the_protocol_is_closed_with_its_code() {
    let stage = Stage::new().await;
    assert_violations_are_closed(async || raw(&stage).await).await;
}

#[tokio::test]
async fn a_user_with_too_many_open_sockets_is_refused_one_more_until_one_is_closed() {
    let stage = Stage::with(&[("LIVE_SOCKETS_PER_USER", "2")]).await;
    let open = async |user| {
        RawSocket::open(stage.program.port(), "/ws/orders", &[("x-user-id", user), ("accept", "*/*")]).await
    };
    let mut first = open("1").await.unwrap();
    let _second = open("1").await.unwrap();
    let refused = open("1").await.err().unwrap().to_lowercase();
    assert!(refused.starts_with("http/1.1 429 ") && refused.contains("\r\nretry-after: 10\r\n"), "{refused}");
    assert!(refused.contains("\r\ncontent-type: application/problem+json\r\n"), "{refused}");
    assert!(open("2").await.is_ok(), "another user has their own");
    first.send(0x88, b"").await;
    assert_eq!(first.ended().await, Ended::Closed(None));
    testkit::eventually(true, async || open("1").await.is_ok()).await;
}

async fn raw(stage: &Stage) -> RawSocket {
    RawSocket::open(stage.program.port(), "/ws/orders", &[("x-user-id", "1")]).await.unwrap()
}
