//! The topology of a service, compared with what a broker has.

use crate::stage::{Ping, Stage, WriteDown, broker, consuming};
use rabbit_outbox::topology::{Action, Existing, Topology};
use rabbit_outbox::{Event, Messaging, Subscriptions};
use serde_json::{Value, json};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
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
async fn a_service_that_consumes_nothing_declares_and_plans_only_its_exchange() {
    let (stage, broker) = (Stage::new().await, broker().await);
    let alpha = Messaging::new("alpha", stage.alpha.clone(), broker.url());
    let exchanges = async || -> Vec<String> {
        let definitions = broker.definitions().await;
        let names = definitions["exchanges"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap());
        names.filter(|name| name.starts_with("alpha")).map(str::to_owned).collect()
    };
    let (status, plan) = run_example(&broker.definitions().await, broker.virtual_host(), &["plan", "alpha"]);
    assert!(status.success());
    assert_eq!(plan, "create    exchange alpha (topic)\n");
    // A queue of an earlier release is neither used nor named.
    broker.declare_queue("alpha.retry.1s", json!({ "x-queue-type": "quorum" })).await;
    stage.run(alpha.relay().run(stage.stopping()));
    eventually(vec!["alpha".to_owned()], exchanges).await;
    consuming(&alpha).await;
    assert_eq!(exchanges().await, ["alpha"]);
    let existing = Existing::from_definitions(&broker.definitions().await, broker.virtual_host());
    assert_eq!(alpha.topology().plan(&existing).to_string(), "keep      exchange alpha (topic)\n");
    stage.stop().await;
}

#[tokio::test]
async fn a_queue_with_other_arguments_is_named_by_readiness_and_by_the_plan() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_queue("beta.retry.1s", json!({ "x-queue-type": "quorum" })).await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    let printed = |why: String| why.contains("declare queue beta.retry.1s") && why.contains("inequivalent arg");
    eventually(true, async || beta.check().is_err_and(printed)).await;

    let existing = Existing::from_definitions(&broker.definitions().await, broker.virtual_host());
    let plan = Topology::of("beta", &[Ping::TYPE]).plan(&existing).to_string();
    assert!(
        plan.contains("CONFLICT  queue beta.retry.1s") && plan.contains("x-message-ttl is absent, not 1000"),
        "{plan}"
    );
    stage.stop().await;
}

#[tokio::test]
async fn the_example_prints_the_plan_of_a_service() {
    let broker = broker().await;
    let (status, plan) = example(&broker.definitions().await, broker.virtual_host());
    assert!(status.success(), "{plan}");
    assert!(plan.contains("create    queue beta.inbox (") && plan.contains("by \"alpha.Ping.v1\""), "{plan}");

    broker.declare_queue("beta.dead", json!({ "x-queue-type": "classic" })).await;
    let (status, plan) = example(&broker.definitions().await, broker.virtual_host());
    assert_eq!(status.code(), Some(1), "{plan}");
    assert!(plan.contains("CONFLICT  queue beta.dead") && plan.contains("x-queue-type is classic"), "{plan}");

    let (status, plan) = example(&json!({ "error": "not_authorised" }), broker.virtual_host());
    assert_eq!((status.code(), plan.as_str()), (Some(2), ""), "an error response is not an empty broker");
}

#[tokio::test]
async fn the_example_removes_bindings_that_no_release_needs_and_no_others() {
    let (stage, broker) = (Stage::new().await, broker().await);
    broker.declare_exchange("alpha").await;
    let beta = Messaging::new("beta", stage.beta.clone(), broker.url());
    stage.run(beta.consumer(Subscriptions::new().on::<Ping>(WriteDown)).run(stage.stopping()));
    consuming(&beta).await;
    let definitions = broker.definitions().await;
    let unbind = |more: &[&str]| {
        let arguments = [&["unbind", "beta", "--amqp-url", broker.url()], more].concat();
        run_example(&definitions, broker.virtual_host(), &arguments)
    };
    let (status, printed) = unbind(&[]);
    assert!(status.success());
    assert_eq!(printed, "left over binding alpha -> beta.inbox by \"alpha.Ping.v1\"\n");
    assert_eq!(broker.definitions().await["bindings"], definitions["bindings"], "it was not asked to");
    assert_eq!(unbind(&[Ping::TYPE, "--yes"]).1, "removed 0 bindings\n");
    assert!(unbind(&["--yes"]).1.ends_with("removed 1 bindings\n"));
    let existing = Existing::from_definitions(&broker.definitions().await, broker.virtual_host());
    let plan = beta.topology().plan(&existing).to_string();
    assert!(plan.contains("create    binding alpha -> beta.inbox"), "{plan}");
    assert_eq!(plan.matches("create").count(), 1, "{plan}");
    stage.stop().await;
}

#[tokio::test]
async fn the_example_prints_what_an_administrator_imports() {
    let (status, printed) = run_example(&Value::Null, "/", &["definitions", "beta", Ping::TYPE]);
    assert!(status.success());
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, Topology::of("beta", &[Ping::TYPE]).definitions("/"));
}

/// The output of the example for beta, which subscribes to alpha, and its exit status.
fn example(definitions: &Value, virtual_host: &str) -> (ExitStatus, String) {
    run_example(definitions, virtual_host, &["plan", "beta", Ping::TYPE])
}

fn run_example(definitions: &Value, virtual_host: &str, arguments: &[&str]) -> (ExitStatus, String) {
    // Examples are built next to the tests.
    let test: PathBuf = std::env::current_exe().unwrap();
    let mut child = Command::new(test.parent().unwrap().parent().unwrap().join("examples/topology"))
        .args(arguments)
        .args(["--virtual-host", virtual_host])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let written = child.stdin.take().unwrap().write_all(definitions.to_string().as_bytes());
    // One that needs no definitions may end before it reads any.
    written.or_else(|failure| if failure.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(failure) }).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status, String::from_utf8(output.stdout).unwrap())
}
