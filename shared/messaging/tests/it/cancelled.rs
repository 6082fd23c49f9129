//! Futures that are dropped before they end, as those of HTTP handlers whose client has left.

use crate::stage::{Stage, broker, count};
use rabbit_outbox::Messaging;
use std::time::Duration;
use tokio::time::timeout;

#[tokio::test]
async fn a_begin_that_is_dropped_loses_no_write_of_another_caller() {
    const ROUNDS: u32 = 400;
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let mut dropped = 0;
    for n in 0..ROUNDS {
        dropped += u32::from(timeout(Duration::from_micros(u64::from(n % 20) * 25), alpha.begin()).await.is_err());
        sqlx::query("insert into todo (n) values ($1)").bind(i64::from(n)).execute(&stage.alpha).await.unwrap();
    }
    assert!(dropped > 0);
    assert_eq!(count(&stage.alpha, "select count(*) from todo").await, i64::from(ROUNDS));
    stage.stop().await;
}
