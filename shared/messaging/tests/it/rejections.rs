//! What can never be right ends among the dead letters, and its neighbours are handled.

use crate::stage::{Ping, Stage, broker, heard, say, unsent};
use messaging::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use sqlx::PgPool;
use std::sync::atomic::{AtomicU32, Ordering};
use testkit::eventually;

/// Refuses one number, stumbles over another, and writes down the rest.
#[derive(Default)]
struct Picky {
    stumbles: AtomicU32,
}

impl Handle<Ping> for Picky {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into heard (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        match ping.n {
            13 => Err(HandleError::reject("thirteen is never right")),
            // The first try of it fails in the database, which aborts the transaction of the whole batch.
            17 if self.stumbles.fetch_add(1, Ordering::SeqCst) < 2 => {
                sqlx::query("select 1 / 0").execute(&mut **tx).await?;
                Ok(())
            }
            // Always fails, and not because the database is away.
            19 => {
                sqlx::query("select 1 / 0").execute(&mut **tx).await?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

async fn dead(broker: &testkit::TestBroker) -> usize {
    broker.messages("beta.dead").await
}

async fn inbox_rows(pool: &PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from inbox").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_poison_message_ends_among_the_dead_letters_while_its_neighbours_flow() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    say(&alpha, 0, 100, 100).await;
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(Picky::default())).run(stage.stopping()));
    stage.run(alpha.relay().run(stage.stopping()));

    // 13 and 19 are dead; nothing of their transactions stays.
    eventually((98, 98), async || heard(&stage.beta).await).await;
    eventually(2, async || dead(&broker).await).await;
    eventually(98, async || inbox_rows(&stage.beta).await).await;
    eventually(0, async || unsent(&stage.alpha).await).await;
    stage.stop().await;
}

#[tokio::test]
async fn what_is_no_event_ends_among_the_dead_letters() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(alpha.relay().run(stage.stopping()));
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(Picky::default())).run(stage.stopping()));
    say(&alpha, 0, 1, 1).await;
    eventually((1, 1), async || heard(&stage.beta).await).await;

    broker.publish("alpha", "alpha.Ping.v1", "not even JSON").await;
    broker.publish("alpha", "alpha.Ping.v1", r#"{"specversion": "1.0"}"#).await;
    eventually(2, async || dead(&broker).await).await;
    say(&alpha, 1, 2, 1).await;
    eventually((2, 2), async || heard(&stage.beta).await).await;
    stage.stop().await;
}
