//! Several handlers of one event: each has its own inbox row, and is independent of the others.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming, count, handled, open_letters, ping};
use rabbit_outbox::dead_letters::Direction;
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::{TestBroker, eventually};

/// Stores pings elsewhere; those below zero when allowed, or at their second delivery.
#[derive(Clone, Default)]
struct Audit {
    refuses: Arc<AtomicBool>,
}

impl Handle<Ping> for Audit {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(HandleError::reject("not audited"));
        }
        if ping.n < 0 && meta.attempt == 1 {
            return Err(HandleError::retry("the auditor is away"));
        }
        sqlx::query("insert into todo (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

async fn start(stage: &Stage, broker: &TestBroker, audit: Audit) -> Messaging {
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let subscriptions = Subscriptions::new().on::<Ping>(WriteDown).also_on("audit", audit);
    stage.run(beta.consumer(subscriptions).run(stage.stopping()));
    consuming(&beta).await;
    beta
}

#[tokio::test]
async fn one_handler_fails_and_comes_back_alone_while_the_other_had_its_effect_once() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let beta = start(&stage, &broker, Audit::default()).await;
    for n in [1, -2, 3] {
        broker.announce(&ping(n)).await;
    }
    eventually(3, async || count(&stage.beta, "select count(*) from todo").await).await;
    eventually((3, 3), async || handled(&stage.beta).await).await;
    let by_handler: Vec<(String, i64)> =
        sqlx::query_as("select handler, count(*) from inbox group by handler order by handler")
            .fetch_all(&stage.beta)
            .await
            .unwrap();
    assert_eq!(by_handler, [(String::new(), 3), ("audit".to_owned(), 3)]);
    assert_eq!(open_letters(&beta).await, []);
    stage.stop().await;
}

#[tokio::test]
async fn a_replayed_letter_goes_to_the_handler_that_refused_it_and_to_no_other() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let audit = Audit::default();
    audit.refuses.store(true, Ordering::SeqCst);
    let beta = start(&stage, &broker, audit.clone()).await;
    stage.run(beta.relay().run(stage.stopping()));
    let id = broker.announce(&ping(1)).await;
    eventually(1, async || open_letters(&beta).await.len()).await;
    assert_eq!(open_letters(&beta).await[0].reason, "rejected: not audited");
    assert_eq!(handled(&stage.beta).await, (1, 1));

    audit.refuses.store(false, Ordering::SeqCst);
    beta.dead_letters().replay(Direction::Incoming, id.0).await.unwrap();
    eventually(1, async || count(&stage.beta, "select count(*) from todo").await).await;
    assert_eq!(handled(&stage.beta).await, (1, 1));
    stage.stop().await;
}
