//! The owner deletes a cheque as long as no participant has settled.

use crate::stage::{Stage, problem};
use serde_json::Value;

#[tokio::test]
async fn a_deleted_cheque_is_gone_and_announced() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    let token = stage.join_as_guest(&path).await;
    stage.guest(&token).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await;
    let mut socket = stage.watch(&path).await.unwrap();
    socket.next().await;
    assert_eq!(stage.owner().delete(&path).await.status, 204);
    assert_eq!(socket.closed().await, Some(4410));
    assert_eq!(problem(&stage.anonymous().get(&path).await), (410, "cheque_deleted".into(), Value::Null));
    assert_eq!(problem(&stage.owner().delete(&path).await).0, 410);
    stage.eventually_announced("router.ChequeDeleted.v1", 1).await;
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from claims) + (select count(*) from participants where name is not null) \
         + (select count(*) from cheques where cheque is not null)",
    )
    .fetch_one(&stage.pool)
    .await
    .unwrap();
    assert_eq!(left, 0, "only the tombstone is left");
}

#[tokio::test]
async fn only_the_owner_deletes_and_only_before_any_settlement() {
    let stage = Stage::new().await;
    let path = stage.cheque(&[100]).await;
    stage.join(&path, 7).await;
    assert_eq!(problem(&stage.user(7).delete(&path).await), (404, "cheque_not_found".into(), Value::Null));
    assert_eq!(problem(&stage.anonymous().delete(&path).await).0, 401);
    stage.user(7).put(&format!("{path}/claims/1"), r#"{"numerator": 1, "denominator": 1}"#).await;
    stage.settle(&path, 7).await;
    assert_eq!(problem(&stage.owner().delete(&path).await), (409, "settlement_started".into(), Value::Null));
}
