//! A process that stops returns unhandled messages to the queue.

use crate::stage::{Ping, Stage, WriteDown, append_pings, broker, consuming, handled, unsent};
use rabbit_outbox::consumer::ConsumerOptions;
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use testkit::eventually;
use tokio_util::sync::CancellationToken;

/// Is stopped while it handles its first ping, and fails it; handles the others.
struct Interrupted {
    stopping: CancellationToken,
    first: i64,
}

impl Handle<Ping> for Interrupted {
    async fn handle(&self, tx: &mut Transaction, ping: &Ping, meta: &Meta) -> Result<(), HandleError> {
        if ping.n == self.first {
            self.stopping.cancel();
            return Err(HandleError::retry("the process stops"));
        }
        WriteDown.handle(tx, ping, meta).await
    }
}

#[tokio::test]
async fn what_is_handed_back_is_not_acknowledged_together_with_what_came_after_it() {
    const ROUNDS: i64 = 12;
    const PINGS: i64 = 5;
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    broker.declare_exchange("alpha").await;
    stage.run(alpha.relay().run(stage.stopping()));
    for round in 0..ROUNDS {
        // The queue exists from now on, and after the first round collects messages.
        let stopping = CancellationToken::new();
        let rest = tokio::spawn(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stopping.clone()));
        consuming(&beta).await;
        eventually((round * PINGS, round * PINGS), async || handled(&stage.beta).await).await;
        stopping.cancel();
        rest.await.unwrap().unwrap();

        append_pings(&alpha, round * PINGS, (round + 1) * PINGS, 1).await;
        eventually(0, async || unsent(&stage.alpha).await).await;
        let stopping = CancellationToken::new();
        let interrupted = Interrupted { stopping: stopping.clone(), first: round * PINGS };
        // The others have already arrived when the first fails, and each would be acknowledged separately.
        let consumer = beta.consumer(Subscriptions::new().on(interrupted));
        consumer.with_options(ConsumerOptions::batches_of(1).with_prefetch(96)).run(stopping).await.unwrap();
    }
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    eventually((ROUNDS * PINGS, ROUNDS * PINGS), async || handled(&stage.beta).await).await;
    stage.stop().await;
}
