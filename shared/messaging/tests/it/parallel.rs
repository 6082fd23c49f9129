//! Concurrent batches: a slow key does not delay others, and events of one key keep their order.

use crate::stage::{Ping, Stage, broker, consuming, handled, open_letters};
use rabbit_outbox::{ConsumerOptions, Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use std::sync::Arc;
use testkit::eventually;
use tokio::sync::Semaphore;

const KEYS: i64 = 12;
const EACH: i64 = 5;
const SLOW: &str = "0";

/// Stores pings; those of one key wait until the test releases them.
struct Patient(Arc<Semaphore>);

impl Handle<Ping> for Patient {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, _meta: &Meta) -> Result<(), HandleError> {
        if ping.key == SLOW {
            let _permit = self.0.acquire().await.map_err(HandleError::retry)?;
        }
        sqlx::query("insert into handled (n) values ($1)").bind(ping.n).execute(&mut **tx).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_slow_key_does_not_hold_the_others_and_each_key_keeps_its_order() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    let gate = Arc::new(Semaphore::new(0));
    let consumer = beta.consumer(Subscriptions::new().on(Patient(Arc::clone(&gate))));
    let options = ConsumerOptions::default().with_parallel(4);
    stage.run(consumer.with_options(options).run(stage.stopping()));
    consuming(&beta).await;
    for n in 0..EACH {
        for key in 0..KEYS {
            broker.announce(&Ping { n: key * 100 + n, key: key.to_string() }).await;
        }
    }
    // The slow key delays those in the same queue, about a quarter of the keys.
    eventually(true, async || handled(&stage.beta).await.0 >= KEYS * EACH / 2).await;
    let slow = "select count(*) from handled where n < 100";
    assert_eq!(crate::stage::count(&stage.beta, slow).await, 0);

    gate.add_permits(1);
    eventually((KEYS * EACH, KEYS * EACH), async || handled(&stage.beta).await).await;
    let order: Vec<i64> =
        sqlx::query_scalar("select n from handled order by n / 100, id").fetch_all(&stage.beta).await.unwrap();
    assert!(order.is_sorted(), "{order:?}");
    eventually(0, async || broker.messages("beta.inbox").await).await;
    assert_eq!((open_letters(&beta).await, beta.check()), (vec![], Ok(())));
    stage.stop().await;
}
