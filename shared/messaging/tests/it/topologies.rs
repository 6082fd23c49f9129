//! What a service declares, compared with what a broker has.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming};
use messaging::topology::{Action, Existing, Topology};
use messaging::{Event, Messaging, Subscriptions};
use serde_json::json;
use testkit::eventually;

#[tokio::test]
async fn a_broker_on_which_a_service_runs_has_nothing_to_change() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let topology = Topology::of("beta", &[Ping::TYPE]);
    let plan = async || topology.plan(&Existing::from_definitions(&broker.definitions().await, broker.virtual_host()));
    assert!(plan().await.lines.iter().all(|line| line.action == Action::Create));

    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    let after = plan().await;
    assert!(after.lines.iter().all(|line| line.action == Action::Keep), "{after}");
    stage.stop().await;
}

#[tokio::test]
async fn a_queue_with_other_arguments_is_named_by_readiness_and_by_the_plan() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_queue("beta.retry.1s", json!({ "x-queue-type": "quorum" })).await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    let told = |why: String| why.contains("declare queue beta.retry.1s") && why.contains("inequivalent arg");
    eventually(true, async || beta.check().is_err_and(told)).await;

    let existing = Existing::from_definitions(&broker.definitions().await, broker.virtual_host());
    let plan = Topology::of("beta", &[Ping::TYPE]).plan(&existing).to_string();
    assert!(
        plan.contains("CONFLICT  queue beta.retry.1s") && plan.contains("x-message-ttl is absent, not 1000"),
        "{plan}"
    );
    stage.stop().await;
}
