//! Handlers that take only some events: the others leave nothing behind.

use crate::stage::{Ping, Stage, broker, consuming, count, handled, open_letters, ping};
use rabbit_outbox::{Handle, HandleError, HandleSome, Messaging, Meta, Subscriptions, Transaction};
use testkit::eventually;

/// Stores pings whose number is in the table `todo`.
struct KnownOnly;

impl Handle<Ping> for KnownOnly {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

impl HandleSome<Ping> for KnownOnly {
    async fn takes(&self, tx: &mut Transaction, ping: &Ping, _: &Meta) -> Result<bool, HandleError> {
        assert_ne!(ping.n, -1, "a bug of this test");
        let known = sqlx::query_scalar("select exists (select from todo where n = $1)").bind(ping.n);
        Ok(known.fetch_one(&mut **tx).await?)
    }
}

#[tokio::test]
async fn an_event_that_is_not_taken_leaves_no_inbox_row_and_one_that_is_has_its_effect_once() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    sqlx::query("insert into todo values (7)").execute(&stage.beta).await.unwrap();
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on_some::<Ping>(KnownOnly)).run(stage.stopping()));
    consuming(&beta).await;
    for n in 1..=20 {
        broker.announce(&ping(n)).await;
    }
    eventually((1, 1), async || handled(&stage.beta).await).await;
    // It comes later than all others, and a batch with one that fails is handled one by one.
    let fails = broker.announce(&ping(-1)).await;
    let id = broker.announce(&ping(7)).await;
    broker.announce_as(id, &ping(7)).await;
    broker.announce(&ping(7)).await;
    eventually((1, 3), async || handled(&stage.beta).await).await;
    eventually(0, async || broker.messages("beta.inbox").await).await;
    assert_eq!(count(&stage.beta, "select count(*) from inbox").await, 3);
    assert_eq!(open_letters(&beta).await, [], "{fails:?} waits for its next attempt");
    stage.stop().await;
}
