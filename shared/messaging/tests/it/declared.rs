//! A service that declares nothing: an administrator imports its definitions.

use crate::bare::BarePublisher;
use crate::stage::{Ping, Stage, WriteDown, bind, broker, consuming, handled, ping};
use lapin::ExchangeKind;
use lapin::options::ExchangeDeclareOptions;
use lapin::types::FieldTable;
use rabbit_outbox::topology::{Action, Binding, Existing, Topology};
use rabbit_outbox::{Event, Messaging, Subscriptions};
use serde_json::Value;
use testkit::eventually;

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_service_that_declares_nothing_names_what_is_missing_and_works_once_it_is_there() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url()).declaring_nothing();
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    let lacks =
        async |what: &str| beta.check().is_err_and(|why| why.contains(&format!("find {what}: an administrator must")));
    eventually(true, async || lacks("exchange beta").await).await;

    let topology = Topology::of("beta", &[Ping::TYPE]);
    let definitions = topology.definitions(broker.virtual_host());
    let administrator = BarePublisher::at(&broker).await;
    for exchange in definitions["exchanges"].as_array().unwrap() {
        let kind = match exchange["type"].as_str().unwrap() {
            "topic" => ExchangeKind::Topic,
            "fanout" => ExchangeKind::Fanout,
            "direct" => ExchangeKind::Direct,
            other => panic!("an exchange of kind {other}"),
        };
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let name = text(&exchange["name"]);
        let declaring =
            administrator.channel().exchange_declare(name.as_str().into(), kind, durable, FieldTable::default());
        declaring.await.unwrap();
    }
    eventually(true, async || lacks("queue beta.inbox").await).await;

    for queue in definitions["queues"].as_array().unwrap() {
        broker.declare_queue(queue["name"].as_str().unwrap(), queue["arguments"].clone()).await;
    }
    for binding in definitions["bindings"].as_array().unwrap() {
        let binding = Binding {
            exchange: text(&binding["source"]),
            routing_key: text(&binding["routing_key"]),
            queue: text(&binding["destination"]),
        };
        bind(administrator.channel(), &binding).await;
    }
    consuming(&beta).await;
    broker.announce(&ping(1)).await;
    eventually((1, 1), async || handled(&stage.beta).await).await;
    // A service that declares would find nothing to change.
    let existing = Existing::from_definitions(&broker.definitions().await, broker.virtual_host());
    let plan = topology.plan(&existing);
    assert!(plan.lines.iter().all(|line| line.action == Action::Keep), "{plan}");
    stage.stop().await;
}
