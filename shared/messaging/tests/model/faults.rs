//! The faults of commit f20ebef, each with its shortest trace, and that today's design has none of them.

use crate::claim::{breaks, holds};
use crate::design::Design;
use crate::scenario::{Fault, GOOD, Release, Route, Scenario};
use crate::system::Property;

fn only_f20ebef_breaks(property: Property, scenario: &Scenario) {
    breaks(property, Design::f20ebef(), scenario);
    holds(Design::current(), scenario);
}

#[test]
fn a_handler_that_tolerates_a_failed_statement_loses_its_event_in_f20ebef_only() {
    let scenario = Scenario::of(&[GOOD]).faults(1, &[(Fault::AbortedHandler, 1)]);
    only_f20ebef_breaks(Property::NothingLost, &scenario);
}

#[test]
fn a_producer_that_tolerates_a_failed_statement_sees_a_commit_in_f20ebef_only() {
    let scenario = Scenario::of(&[GOOD]).faults(1, &[(Fault::AbortedProducer, 1)]);
    only_f20ebef_breaks(Property::NothingLost, &scenario);
}

#[test]
fn an_old_replica_gives_up_an_event_that_a_new_one_knows_in_f20ebef_only() {
    let scenario = Scenario::of(&[GOOD.new_type()]).replicas(&[Release::Old, Release::New]).rollout_within_ladder();
    only_f20ebef_breaks(Property::GoodEventsArrive, &scenario);
}

#[test]
fn events_of_a_day_without_a_partition_are_given_up_in_f20ebef_only() {
    let scenario = Scenario::of(&[GOOD, GOOD.key(1)]).faults(2, &[(Fault::Day, 2)]);
    only_f20ebef_breaks(Property::GoodEventsArrive, &scenario);
}

#[test]
fn a_route_that_never_confirms_repeats_its_neighbours_without_end_in_f20ebef_only() {
    let scenario = Scenario::of(&[GOOD, GOOD.key(1).on(Route::Silent)]);
    holds(Design::current(), &scenario);
    // The third copy is like the second, and so on.
    let tolerant = Scenario { copies_tolerated: 1, ..scenario };
    breaks(Property::CopiesBounded, Design::f20ebef(), &tolerant);
}

#[test]
fn a_panic_ends_consumption_in_f20ebef_only() {
    let scenario = Scenario::of(&[GOOD]).faults(1, &[(Fault::HandlerPanic, 1)]);
    only_f20ebef_breaks(Property::ConsumptionGoesOn, &scenario);
}

#[test]
fn crashes_lost_connections_and_lost_answers_break_neither() {
    let faults = [
        (Fault::RelayCrash, 2),
        (Fault::ConsumerCrash, 2),
        (Fault::Disconnect, 2),
        (Fault::UnknownCommit, 1),
        (Fault::LostConfirm, 1),
    ];
    let scenario = Scenario::of(&[GOOD, GOOD]).faults(1, &faults);
    holds(Design::f20ebef(), &scenario);
    holds(Design::current(), &scenario);
    let scenario = Scenario::of(&[GOOD]).faults(2, &faults);
    holds(Design::f20ebef(), &scenario);
    holds(Design::current(), &scenario);
}
