//! A full queue refuses messages: this is pressure, and no event becomes a dead letter because of it.

use crate::backlog::Rows;
use crate::stage::{Stage, broker, unsent};
use lapin::options::{BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions};
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties, ExchangeKind};
use rabbit_outbox::{Messaging, RelayOptions};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use testkit::eventually;

#[tokio::test]
async fn events_that_a_full_queue_refuses_wait_and_go_when_there_is_room() {
    const EVENTS: i64 = 60;
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_queue("full", json!({ "x-max-length": 5, "x-overflow": "reject-publish" })).await;
    let connection = Connection::connect(broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel.exchange_declare("alpha".into(), ExchangeKind::Topic, durable, FieldTable::default()).await.unwrap();
    let (bind, arguments) = (QueueBindOptions::default(), FieldTable::default());
    channel.queue_bind("full".into(), "alpha".into(), "alpha.Ping.v1".into(), bind, arguments).await.unwrap();

    // Options with so few and short retries that all events would be parked within a second if refusals counted as
    // failures.
    let (retry_first, retry_longest) = (Duration::from_millis(50), Duration::from_millis(100));
    let options = RelayOptions { attempts_max: 3, retry_first, retry_longest, ..RelayOptions::default() };
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_relay_options(options);
    Rows::default().insert(&stage.alpha, 0, EVENTS).await;
    stage.run(alpha.relay().run(stage.stopping()));
    let refused = "select count(*) from outbox where lane < 0 and last_error like 'refused %'";
    let refused = async || sqlx::query_scalar::<_, i64>(refused).fetch_one(&stage.alpha).await.unwrap();
    eventually(true, async || refused().await >= EVENTS - 10).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(refused().await >= EVENTS - 10);
    let parked = "select count(*) from dead_letters";
    let parked = async || sqlx::query_scalar::<_, i64>(parked).fetch_one(&stage.alpha).await.unwrap();
    assert_eq!(parked().await, 0);

    let mut taken = BTreeSet::new();
    let started = Instant::now();
    while taken.len() < usize::try_from(EVENTS).unwrap() {
        assert!(started.elapsed() < Duration::from_mins(1), "{} events have arrived", taken.len());
        match channel.basic_get("full".into(), BasicGetOptions { no_ack: true }).await.unwrap() {
            Some(message) => drop(taken.insert(message.delivery.properties.message_id().clone())),
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    println!("drained in {:?}", started.elapsed());
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
    assert_eq!(parked().await, 0);
}
