//! Two releases of a service share its queue temporarily: the older one does not know the newer one's events.

use crate::stage::{Ping, Stage, WriteDown, bind, broker, consuming, handled, open_letters};
use lapin::{Connection, ConnectionProperties};
use rabbit_outbox::topology::{Binding, Existing, Topology, unbind};
use rabbit_outbox::{Handle, HandleError, Messaging, Meta, Subscriptions, Transaction};
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use testkit::{TestBroker, eventually, eventually_within};

/// An event that only the newer release knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pang {
    n: i64,
}

impl Event for Pang {
    const TYPE: &'static str = "alpha.Pang.v1";

    fn ordering_key(&self) -> String {
        self.n.to_string()
    }
}

struct WriteDownPang;

impl Handle<Pang> for WriteDownPang {
    async fn handle(&self, tx: &mut Transaction, pang: &Pang, _meta: &Meta) -> Result<(), HandleError> {
        sqlx::query("insert into handled (n) values ($1)").bind(pang.n).execute(&mut **tx).await?;
        Ok(())
    }
}

fn older() -> Subscriptions {
    Subscriptions::new().on::<Ping>(WriteDown)
}

fn newer() -> Subscriptions {
    older().on(WriteDownPang)
}

/// Starts a replica of beta.
async fn start(stage: &Stage, broker: &TestBroker, subscriptions: Subscriptions) -> Messaging {
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(subscriptions).run(stage.stopping()));
    consuming(&beta).await;
    beta
}

#[tokio::test]
async fn events_that_one_of_two_releases_knows_are_all_handled() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = start(&stage, &broker, newer()).await;
    start(&stage, &broker, older()).await;
    for n in 0..20 {
        broker.announce(&Pang { n }).await;
    }
    // A replica is chosen again each second, then each five seconds.
    eventually_within(Duration::from_mins(2), (20, 20), async || handled(&stage.beta).await).await;
    assert_eq!(open_letters(&beta).await, []);
    stage.stop().await;
}

#[tokio::test]
async fn an_event_that_no_replica_knows_yet_waits_for_the_one_that_does() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let old = start(&stage, &broker, older()).await;
    // The newer release ran, and was rolled back.
    let heard_by_newer =
        Binding { exchange: "alpha".into(), routing_key: Pang::TYPE.into(), queue: "beta.inbox".into() };
    let connection = Connection::connect(broker.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    bind(&channel, &heard_by_newer).await;

    broker.announce(&Pang { n: 1 }).await;
    eventually(1, async || broker.messages("beta.retry.1s").await).await;
    assert_eq!((open_letters(&old).await, old.check()), (vec![], Ok(())));
    let new = start(&stage, &broker, newer()).await;
    eventually_within(Duration::from_mins(2), (1, 1), async || handled(&stage.beta).await).await;
    assert_eq!(open_letters(&new).await, []);
    stage.stop().await;
}

#[tokio::test]
async fn a_binding_that_no_release_needs_is_named_and_can_be_removed() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    start(&stage, &broker, newer()).await;
    let left_over = async || {
        let existing = Existing::from_definitions(&broker.definitions().await, broker.virtual_host());
        let plan = Topology::of("beta", &older().wire_types()).plan(&existing);
        plan.unmanaged().cloned().collect::<Vec<Binding>>()
    };
    let found = left_over().await;
    let expected = Binding { exchange: "alpha".into(), routing_key: Pang::TYPE.into(), queue: "beta.inbox".into() };
    assert_eq!(found, [expected]);

    unbind(broker.url(), &found).await.unwrap();
    assert_eq!(left_over().await, []);
    // It was removed; removing it again is not an error.
    unbind(broker.url(), &found).await.unwrap();
    stage.stop().await;
}
