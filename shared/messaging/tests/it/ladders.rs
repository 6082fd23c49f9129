//! Failed events are retried after a delay, only for the service that failed.

use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, consuming, handled, open_letters, ping};
use rabbit_outbox::{EventId, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use testkit::{TestBroker, eventually, eventually_within};

/// Fails so many deliveries of each event, then stores it with the time.
struct Reluctant {
    calls: Arc<AtomicU32>,
    failing_calls: u32,
    failure: fn() -> HandleError,
}

impl Handle<Ping> for Reluctant {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) < self.failing_calls {
            return Err((self.failure)());
        }
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

fn not_yet() -> HandleError {
    HandleError::retry("not yet")
}

#[tokio::test]
async fn an_event_that_failed_comes_back_after_a_second_and_to_its_own_inbox_only() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    // Alpha subscribes to its own pings too, and must not get the retry.
    let calls = Arc::new(AtomicU32::new(0));
    // Three immediate attempts are one delivery.
    let reluctant = Reluctant { calls: Arc::clone(&calls), failing_calls: 3, failure: not_yet };
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(alpha.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on(reluctant)).run(stage.stopping()));
    eventually(Ok(()), async || alpha.check()).await;
    consuming(&beta).await;

    let started = Instant::now();
    append_pings(&alpha, 0, 1, 1).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(calls.load(Ordering::SeqCst), 4);
    assert_eq!(handled(&stage.alpha).await, (1, 1));
    let duplicates: i64 = sqlx::query_scalar("select count(*) from inbox").fetch_one(&stage.alpha).await.unwrap();
    assert_eq!(duplicates, 1);
    stage.stop().await;
}

#[tokio::test]
async fn a_handler_that_asks_to_wait_gets_the_first_rung_that_is_long_enough() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    let in_two_seconds = || HandleError::retry_after(Duration::from_secs(2), "the shop is closed");
    let reluctant = Reluctant { calls: Arc::default(), failing_calls: 1, failure: in_two_seconds };
    stage.run(beta.consumer(Subscriptions::new().on(reluctant)).run(stage.stopping()));
    consuming(&beta).await;

    let started = Instant::now();
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    assert!(started.elapsed() >= Duration::from_secs(5), "{:?}", started.elapsed());
    stage.stop().await;
}

/// Puts an event on the first rung of a service's ladder, as its consumer would.
async fn onto_ladder(broker: &TestBroker, service: &str, n: i64) {
    let id = EventId(uuid::Uuid::now_v7());
    let envelope = serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/alpha", "type": Ping::TYPE, "subject": "1",
        "time": "2026-01-01T00:00:00Z", "datacontenttype": "application/json", "sequence": "1", "partitionkey": "1",
        "correlationid": id, "data": { "n": n, "key": "1" },
    });
    broker.publish(&format!("{service}.retry"), "1s", &envelope.to_string()).await;
}

#[tokio::test]
async fn a_ladder_whose_inbox_is_gone_stalls_no_other_service_and_goes_on_when_it_is_back() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    // Declared by a consumer that stops, so that nothing declares it again.
    let stop_beta = tokio_util::sync::CancellationToken::new();
    let first = tokio::spawn(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stop_beta.clone()));
    consuming(&beta).await;
    stop_beta.cancel();
    first.await.unwrap().unwrap();
    broker.delete_queue("beta.inbox").await;
    // More than RabbitMQ dead-letters ahead, which is 32.
    for n in 0..60 {
        onto_ladder(&broker, "beta", n).await;
    }
    stage.run(alpha.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&alpha).await;
    for n in 0..5 {
        onto_ladder(&broker, "alpha", n).await;
    }
    eventually((5, 5), async || handled(&stage.alpha).await).await;

    // The queue exists again: the waiting messages arrive when RabbitMQ retries, every three minutes unless its
    // `dead_letter_worker_publisher_confirm_timeout` is shorter.
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    eventually_within(Duration::from_mins(5), (60, 60), async || handled(&stage.beta).await).await;
    assert!(open_letters(&beta).await.is_empty());
    stage.stop().await;
}
