//! During an outage messages stay in the broker, and nothing is lost or duplicated.

use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, consuming, handled, open_letters, ping, schema};
use rabbit_outbox::probe::{Probe, Step};
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use servers::{Durability, Postgres, PostgresOptions};
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use testkit::{eventually, eventually_within};

/// A pool as a service has it: waiting for the database times out after some seconds.
fn pool(server: &Postgres) -> PgPool {
    let options = PgConnectOptions::from_str(&server.url("postgres")).unwrap().options([("search_path", "beta")]);
    PgPoolOptions::new().acquire_timeout(Duration::from_secs(3)).connect_lazy_with(options)
}

#[tokio::test]
async fn a_database_that_is_away_for_half_a_minute_under_load_loses_and_doubles_nothing() {
    const PINGS: i64 = 4_000;
    const AWAY: Duration = Duration::from_secs(30);
    let folder = std::env::temp_dir().join(testkit::unique("chipin"));
    let options = PostgresOptions { durability: Durability::Full, ..PostgresOptions::new(&folder) };
    let mut server = tokio::task::spawn_blocking(|| Postgres::start(options)).await.unwrap().unwrap();
    let (stage, broker) = (Stage::new().await, broker().await);
    let database = pool(&server);
    schema(&database, "beta").await;
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", database.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;

    let talking = tokio::spawn({
        let alpha = alpha.clone();
        async move {
            for part in 0..PINGS / 100 {
                append_pings(&alpha, part * 100, part * 100 + 100, 5).await;
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    });
    eventually(true, async || handled(&database).await.0 > 200).await;
    let mut server = tokio::task::spawn_blocking(move || {
        server.stop();
        server
    })
    .await
    .unwrap();
    let paused = |why: String| why.contains("paused, the database is not available");
    eventually(true, async || beta.check().is_err_and(paused)).await;
    // The duration of the outage.
    tokio::time::sleep(AWAY).await;
    assert!(beta.check().is_err_and(paused));
    let server = tokio::task::spawn_blocking(move || server.start_again().map(|()| server)).await.unwrap().unwrap();

    talking.await.unwrap();
    eventually_within(Duration::from_mins(2), (PINGS, PINGS), async || handled(&database).await).await;
    consuming(&beta).await;
    assert_eq!(open_letters(&beta).await, []);
    stage.stop().await;
    database.close().await;
    drop(server);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Needs an external service that can fail, and counts its calls.
#[derive(Clone, Default)]
struct Dependent {
    there: Arc<AtomicBool>,
    asked: Arc<AtomicU32>,
}

impl Handle<Ping> for Dependent {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if !self.there.load(Ordering::SeqCst) {
            return Err(HandleError::retry("the price list is away"));
        }
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

#[tokio::test]
async fn many_different_failures_in_a_row_open_the_breaker_and_one_success_closes_it() {
    const PINGS: i64 = 60;
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    let dependent = Dependent::default();
    let consumer = beta.consumer(Subscriptions::new().on(dependent.clone()));
    stage.run(consumer.run(stage.stopping()));
    consuming(&beta).await;
    for n in 0..PINGS {
        broker.announce(&ping(n)).await;
    }
    let paused = |why: String| why.contains("10 different events in a row failed");
    eventually(true, async || beta.check().is_err_and(paused)).await;
    // Most messages were not touched: they are in the broker, not on the ladder or among the dead letters.
    let asked = dependent.asked.load(Ordering::SeqCst);
    assert!(asked < 3 * 30, "{asked}");
    dependent.there.store(true, Ordering::SeqCst);
    eventually((PINGS, PINGS), async || handled(&stage.beta).await).await;
    eventually(Ok(()), async || beta.check()).await;
    assert_eq!(open_letters(&beta).await, []);
    stage.stop().await;
}

/// Ends its task when a message is handled, like a crashing process.
fn crash() -> Probe {
    Probe::new(|step| assert!(step != Step::InboxRecorded, "this message brings its process down"))
}

#[tokio::test]
async fn a_message_that_brings_its_consumer_down_again_and_again_ends_among_the_dead_letters() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    let stop_first = tokio_util::sync::CancellationToken::new();
    let first = tokio::spawn(beta.consumer(Subscriptions::new().on(WriteDown)).run(stop_first.clone()));
    consuming(&beta).await;
    stop_first.cancel();
    first.await.unwrap().unwrap();
    broker.announce(&ping(1)).await;

    // RabbitMQ's limit is 20 returns; whether it counts one more or less depends on its version.
    for _ in 0..30 {
        let fragile = Messaging::new("beta", stage.beta.clone(), broker.url()).with_probe(crash());
        let crashing = tokio::spawn(fragile.consumer(Subscriptions::new().on(WriteDown)).run(stage.stopping()));
        // A process that crashes closes its connections; a crashed task may leave them open, with their unacknowledged
        // messages, and an operator closes them.
        let ended = async || {
            let has_ended = crashing.is_finished() || !open_letters(&beta).await.is_empty();
            if !has_ended {
                broker.close_connections().await;
            }
            has_ended
        };
        eventually(true, ended).await;
        crashing.abort();
        if !open_letters(&beta).await.is_empty() {
            break;
        }
    }
    stage.run(beta.consumer(Subscriptions::new().on(WriteDown)).run(stage.stopping()));
    eventually(1, async || open_letters(&beta).await.len()).await;
    let letter = open_letters(&beta).await.remove(0);
    assert_eq!(letter.reason, "dead-lettered by RabbitMQ: delivery_limit in beta.inbox");
    assert_eq!((letter.event_type.as_str(), letter.ordering_key.as_deref()), ("alpha.Ping.v1", Some("1")));
    assert_eq!(handled(&stage.beta).await, (0, 0));
    stage.stop().await;
}
