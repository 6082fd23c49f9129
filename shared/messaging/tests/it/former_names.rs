//! Names of the previous release still compile, with a warning.

#![expect(deprecated, reason = "the former names stay for one release")]

use rabbit_outbox::dead_letters::{DeadLetter, Letter};
use rabbit_outbox::fanout::{Fanout, Heard};
use rabbit_outbox::topology::{Binding, Existing, Topology};

/// A function of a service that uses the former names of the fanout.
fn on_message(fanout: &Fanout, heard: &Heard<'_>) {
    match heard {
        Heard::Hint(bytes) => fanout.tell(bytes.to_vec()),
        Heard::Subscribed => {}
    }
}

fn listed(letter: Letter) -> DeadLetter {
    letter
}

#[test]
fn former_names_mean_the_same() {
    let _: fn(&Fanout, &Heard<'_>) = on_message;
    let _: fn(Letter) -> DeadLetter = listed;
    let binding = Binding { exchange: "alpha".into(), routing_key: "#".into(), queue: "beta.inbox".into() };
    let topology = Topology::of("beta", &["alpha.Ping.v1"]).hearing(vec![binding.clone()]);
    assert_eq!(topology, Topology::of("beta", &["alpha.Ping.v1"]).with_subscriptions(vec![binding]));
    assert_eq!(topology.heard, topology.subscriptions);
    let plan = topology.plan(&Existing::default());
    assert_eq!(plan.left_over().count(), plan.unmanaged().count());
}
