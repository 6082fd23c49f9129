//! Events that can never succeed become dead letters, and their neighbours are handled.

use crate::stage::{Ping, Stage, append_pings, broker, consuming, handled, open_letters, ping, unsent};
use rabbit_outbox::dead_letters::{Filter, SettleError};
use rabbit_outbox::{EventId, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use sqlx::PgPool;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::eventually;

/// Rejects one number, fails for another, and stores the rest.
#[derive(Default)]
struct Picky {
    stumbles: AtomicU32,
}

impl Handle<Ping> for Picky {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        match ping.n {
            13 => Err(HandleError::reject("thirteen is never right")),
            // Its first attempt fails in the database, which aborts the transaction of the whole batch.
            17 if self.stumbles.fetch_add(1, Ordering::SeqCst) < 2 => {
                fail(tx, "serialization_failure").await?;
                Ok(())
            }
            // Always fails, and not because the database is not available.
            19 => {
                fail(tx, "raise_exception").await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

async fn fail(tx: &mut Transaction, condition: &str) -> Result<(), sqlx::Error> {
    let statement = format!("do $$ begin raise {condition}; end $$");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut **tx).await.map(drop)
}

async fn inbox_rows(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from inbox").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_poison_message_ends_among_the_dead_letters_while_its_neighbours_flow() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url()).with_tracing(trace::Propagation);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let context = trace::TraceContext::root();
    trace::scope(context, append_pings(&alpha, 0, 100, 100)).await;
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(Picky::default())).run(stage.stopping()));
    stage.run(alpha.relay().run(stage.stopping()));

    // 13 is dead at once; 19 goes through the ladder for minutes. Nothing of their transactions remains.
    eventually((98, 98), async || handled(&stage.beta).await).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    eventually(98, async || inbox_rows(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;

    let letter = open_letters(&beta).await.remove(0);
    assert_eq!(letter.event_type, "alpha.Ping.v1");
    assert_eq!(letter.reason, "rejected: thirteen is never right");
    assert_eq!((letter.attempts, letter.ordering_key.as_deref()), (1, Some("3")));
    assert_eq!(letter.trace_id(), Some(context.trace_id()));
    assert!(letter.occurred_at.is_some() && letter.first_failed_at == Some(letter.failed_at));
    let (_, body) = beta.dead_letters().show(letter.direction, letter.event_id).await.unwrap().unwrap();
    assert_eq!(body.content_type, "application/cloudevents+json");
    let payload: serde_json::Value = serde_json::from_slice(&body.payload).unwrap();
    assert_eq!(payload["data"]["n"], 13);
    stage.stop().await;
}

#[tokio::test]
async fn what_is_no_event_ends_among_the_dead_letters() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(Picky::default())).run(stage.stopping()));
    append_pings(&alpha, 0, 1, 1).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;

    broker.publish("alpha", "alpha.Ping.v1", "not even JSON").await;
    broker.publish("alpha", "alpha.Ping.v1", r#"{"specversion": "1.0"}"#).await;
    eventually(2, async || open_letters(&beta).await.len()).await;
    assert!(open_letters(&beta).await.iter().all(|letter| letter.reason.starts_with("the body is not an event")));
    append_pings(&alpha, 1, 2, 1).await;
    eventually((2, 2), async || handled(&stage.beta).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn an_event_from_beyond_the_inboxs_window_is_kept_and_never_handled_again() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(Picky::default())).run(stage.stopping()));
    consuming(&beta).await;

    // The timestamp of this id is the first of January 2026, in milliseconds.
    let ancient = EventId("019b76da-a800-7000-8000-000000000001".parse().unwrap());
    broker.announce_as(ancient, &ping(1)).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    let letter = open_letters(&beta).await.remove(0);
    assert!(letter.reason.contains("older than the inbox's window"), "{}", letter.reason);
    let refused = beta.dead_letters().replay(letter.direction, letter.event_id).await;
    assert!(matches!(refused, Err(SettleError::BeyondWindow)), "{refused:?}");
    assert_eq!(beta.dead_letters().replay_matching(&Filter::default(), 10).await.unwrap(), 0);
    assert_eq!(handled(&stage.beta).await, (0, 0));
    stage.stop().await;
}
