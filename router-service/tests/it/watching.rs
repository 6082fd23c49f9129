//! Sockets receive every change, on every replica.

use crate::stage::{Stage, replica, some_hash, transfer_of, watch};
use serde_json::json;
use testkit::{RawSocket, assert_close_is_answered, assert_violations_are_closed};

const HALF: &str = r#"{"numerator": 1, "denominator": 2}"#;

#[tokio::test]
async fn two_sockets_see_each_others_claims() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    let mut sockets = [stage.watch(&path).await.unwrap(), stage.watch(&path).await.unwrap()];
    for socket in &mut sockets {
        let snapshot = socket.next().await;
        assert_eq!((&snapshot["type"], &snapshot["version"]), (&json!("snapshot"), &json!(1)));
        assert_eq!(snapshot["hash"], json!(path[1..]));
        assert_eq!(snapshot["cheque"]["total_account"], json!(100));
    }
    let token = stage.join_as_guest(&path).await;
    stage.guest(&token).put(&format!("{path}/claims/1"), HALF).await;
    let seen = stage.state(&path).await;
    for socket in &mut sockets {
        let update = socket.until(|message| message["version"] == 3).await;
        assert_eq!((&update["type"], &update["split"]), (&json!("update"), &seen["split"]));
        assert_eq!(update["cheque"], seen["cheque"]);
        assert_eq!(update["you"], json!(null), "a push is the same for all sockets");
    }
}

#[tokio::test]
async fn a_settlement_is_seen_by_all_as_it_goes() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[10_000]).await;
    stage.join(&path, 7).await;
    stage.user(7).put(&format!("{path}/claims/1"), HALF).await;
    let mut socket = stage.watch(&path).await.unwrap();
    socket.next().await;
    let transfer_id = transfer_of(&stage.settle(&path, 7).await);
    let settlement = |message: &serde_json::Value| message["split"]["participants"][1]["settlement"]["state"].clone();
    socket.until(|message| settlement(message) == "pending").await;
    stage.complete(transfer_id).await;
    let paid = socket.until(|message| settlement(message) == "paid").await;
    assert_eq!(paid["split"]["status"], json!("open"), "half of the line is unclaimed");
}

#[tokio::test]
async fn a_change_that_one_replica_commits_reaches_the_sockets_of_the_others() {
    let stage = Stage::new().await;
    let other = replica(&stage.database, &stage.broker, stage.redis.url(), &[]).await;
    let path = stage.cheque(&[10_000]).await;
    let mut here = stage.watch(&path).await.unwrap();
    let mut there = watch(&other, &path).await.unwrap();
    here.next().await;
    there.next().await;
    stage.join(&path, 7).await;
    let other_client = testkit::Client::new(&other.url()).as_user(7);
    assert_eq!(other_client.put(&format!("{path}/claims/1"), HALF).await.status, 200);
    for socket in [&mut here, &mut there] {
        let update = socket.until(|message| message["version"] == 3).await;
        assert_eq!(update["split"]["unclaimed"], json!(50));
    }
    assert_eq!(stage.owner().delete(&path).await.status, 204);
    assert_eq!((here.closed().await, there.closed().await), (Some(4410), Some(4410)));
}

#[tokio::test]
async fn an_unknown_link_cannot_be_watched() {
    let stage = Stage::new().await;
    assert_eq!(stage.watch(&format!("/{}", some_hash())).await.err(), Some(404));
    let path = stage.cheque(&[100]).await;
    assert_eq!(stage.anonymous().get(&format!("{path}/ws")).await.status, 426);
}

#[tokio::test]
async fn a_stopping_service_closes_sockets_with_service_restart() {
    let mut stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let mut socket = stage.watch(&path).await.unwrap();
    socket.next().await;
    let stopping = stage.program.stop();
    let (clean, code) = tokio::join!(stopping, socket.closed());
    assert_eq!(code, Some(1012));
    assert!(clean, "the process ended cleanly");
}

#[tokio::test]
async fn a_close_is_answered_with_the_same_close() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    assert_close_is_answered(async || raw(&stage, &path).await).await;
}

#[tokio::test]
async fn a_violation_of_the_protocol_is_closed_with_its_code() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    assert_violations_are_closed(async || raw(&stage, &path).await).await;
}

async fn raw(stage: &Stage, path: &str) -> RawSocket {
    RawSocket::open(stage.program.port(), &format!("{path}/ws"), &[]).await.unwrap()
}
