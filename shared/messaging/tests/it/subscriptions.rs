//! The ways to subscribe: plain functions, sets, former versions.

use crate::stage::{Ping, Stage, append_pings, broker, consuming, handled, ping};
use rabbit_outbox::{HandleBatch, HandleError, Messaging, Meta, Received, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};
use testkit::eventually;

async fn note(tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
    sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
    Ok(())
}

/// Stores a set with one statement; rejects thirteen.
#[derive(Clone, Default)]
struct NoteAll {
    sizes: Arc<Mutex<Vec<usize>>>,
}

impl HandleBatch<Ping> for NoteAll {
    async fn handle(&self, tx: &mut Transaction, pings: &[Received<Ping>]) -> Result<(), HandleError> {
        self.sizes.lock().unwrap().push(pings.len());
        let numbers: Vec<i64> = pings.iter().map(|ping| ping.event.n).collect();
        sqlx::query("insert into handled (n) select unnest($1::bigint[])").bind(&numbers).execute(&mut **tx).await?;
        if numbers.contains(&13) { Err(HandleError::reject("thirteen is never right")) } else { Ok(()) }
    }
}

/// Alpha's event from before pings had keys.
#[derive(Serialize, Deserialize)]
struct OldPing {
    number: i64,
}

impl Event for OldPing {
    const TYPE: &'static str = "alpha.Ping.v0";

    fn ordering_key(&self) -> String {
        self.number.to_string()
    }
}

impl From<OldPing> for Ping {
    fn from(old: OldPing) -> Self {
        ping(old.number)
    }
}

/// Puts `pings` into beta's inbox before beta consumes: they arrive together.
async fn handled_together(stage: &Stage, beta: &Messaging, broker: &testkit::TestBroker, pings: i64) {
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let stop_first = tokio_util::sync::CancellationToken::new();
    broker.declare_exchange("alpha").await;
    let first = tokio::spawn(beta.consumer(Subscriptions::new().on_fn(note)).run(stop_first.clone()));
    consuming(beta).await;
    stop_first.cancel();
    first.await.unwrap().unwrap();
    stage.run(alpha.relay().run(stage.stopping()));
    append_pings(&alpha, 0, pings, 100).await;
    eventually(0, async || crate::stage::unsent(&stage.alpha).await).await;
}

#[tokio::test]
async fn a_plain_function_is_a_handler() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on_fn(note)).run(stage.stopping()));
    append_pings(&alpha, 0, 10, 3).await;
    eventually((10, 10), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_handler_of_sets_is_called_once_for_all_that_arrived_together() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    handled_together(&stage, &beta, &broker, 10).await;
    let handler = NoteAll::default();
    stage.run(beta.consumer(Subscriptions::new().on_batch(handler.clone())).run(stage.stopping()));
    eventually((10, 10), async || handled(&stage.beta).await).await;
    let sizes = handler.sizes.lock().unwrap().clone();
    assert!(sizes.len() < 10, "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 10);
    stage.stop().await;
}

#[tokio::test]
async fn a_set_that_fails_is_handled_one_by_one_and_only_the_wrong_one_is_given_up() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    handled_together(&stage, &beta, &broker, 20).await;
    let handler = NoteAll::default();
    stage.run(beta.consumer(Subscriptions::new().on_batch(handler.clone())).run(stage.stopping()));
    eventually((19, 19), async || handled(&stage.beta).await).await;
    assert!(handler.sizes.lock().unwrap().contains(&1));
    stage.stop().await;
}

#[tokio::test]
async fn an_event_of_a_former_version_reaches_the_handler_of_the_current_one() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    let subscriptions = Subscriptions::new().on_batch(NoteAll::default()).upcast::<OldPing, Ping>();
    stage.run(beta.consumer(subscriptions).run(stage.stopping()));
    consuming(&beta).await;
    broker.announce(&OldPing { number: 1 }).await;
    broker.announce(&ping(2)).await;
    eventually((2, 2), async || handled(&stage.beta).await).await;
    stage.stop().await;
}
