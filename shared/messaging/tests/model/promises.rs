//! The promises of today's design under all faults within the bounds of each scenario.

use crate::claim::holds;
use crate::design::Design;
use crate::scenario::{Fault, Faults, GOOD, Handling, Release, Route, Scenario};

#[test]
fn any_two_faults_lose_and_repeat_nothing() {
    let scenario = Scenario { faults: Faults::any(2), ..Scenario::of(&[GOOD]).two_handlers() };
    // Two of them alone can bring it back to a release that does not know it, or up to the end of the ladder.
    holds(Design::current(), &scenario.clone().without_promise_of_arrival());
    holds(Design::current(), &scenario.replicas(&[Release::New, Release::New]).without_promise_of_arrival());
}

#[test]
fn any_fault_loses_and_repeats_nothing_and_keeps_the_order_of_a_key() {
    let scenario = Scenario { faults: Faults::any(1), ..Scenario::of(&[GOOD, GOOD]) };
    holds(Design::current(), &scenario);
}

#[test]
fn parallel_workers_keep_the_order_of_each_key() {
    let events = [GOOD, GOOD.key(1), GOOD];
    let scenario = Scenario::of(&events).faults(1, &[(Fault::ConsumerCrash, 1), (Fault::HandlerError, 1)]);
    holds(Design::current(), &scenario);
}

#[test]
fn several_handlers_of_an_event_succeed_and_fail_each_by_itself() {
    let faults = [
        (Fault::ConsumerCrash, 1),
        (Fault::AbortedHandler, 1),
        (Fault::HandlerPanic, 1),
        (Fault::UnknownCommit, 1),
        (Fault::Replay, 1),
    ];
    let two = [GOOD.whose_handler(Handling::Fails), GOOD];
    holds(Design::current(), &Scenario::of(&two).two_handlers().faults(1, &[(Fault::AbortedHandler, 1)]));
    let one = [GOOD.whose_handler(Handling::Panics)];
    holds(Design::current(), &Scenario::of(&one).two_handlers().faults(2, &faults));
}

#[test]
fn a_rollout_that_ends_before_the_ladder_gives_up_nothing() {
    let scenario = Scenario::of(&[GOOD.new_type()]).replicas(&[Release::Old, Release::New]).rollout_within_ladder();
    holds(Design::current(), &scenario.faults(1, &[(Fault::ConsumerCrash, 1)]));
}

#[test]
fn a_rollback_to_a_release_that_does_not_know_a_type_keeps_its_events_as_dead_letters() {
    let scenario = Scenario::of(&[GOOD.new_type()]).replicas(&[Release::New, Release::Old]);
    let faults = [(Fault::Rollback, 1), (Fault::SinkCrash, 1), (Fault::Replay, 1)];
    holds(Design::current(), &scenario.faults(2, &faults).without_promise_of_arrival());
}

#[test]
fn days_without_maintenance_cost_nothing() {
    let faults = [(Fault::Day, 3), (Fault::ConsumerCrash, 1), (Fault::Replay, 1)];
    holds(Design::current(), &Scenario::of(&[GOOD]).faults(4, &faults));
    let two = Scenario::of(&[GOOD]).replicas(&[Release::New, Release::New]);
    holds(Design::current(), &two.faults(3, &[(Fault::Day, 2), (Fault::Disconnect, 1)]));
}

#[test]
fn routes_that_are_silent_or_return_everything_cost_their_own_events_only() {
    let events = [GOOD, GOOD.on(Route::Silent), GOOD.key(1).on(Route::Unrouted)];
    holds(Design::current(), &Scenario::of(&events));
    let events = [GOOD.on(Route::Silent), GOOD];
    holds(Design::current(), &Scenario::of(&events).faults(1, &[(Fault::RelayCrash, 1), (Fault::LostConfirm, 1)]));
}

#[test]
fn what_the_broker_gives_up_is_a_dead_letter() {
    let scenario = Scenario::of(&[GOOD]).faults(4, &[(Fault::ConsumerCrash, 4), (Fault::Disconnect, 3)]);
    holds(Design::current(), &scenario.without_promise_of_arrival());
}

#[test]
fn a_dead_letter_survives_fewer_crashes_in_a_row_than_the_broker_counts() {
    let failing = Scenario::of(&[GOOD.whose_handler(Handling::Fails)]);
    holds(Design::current(), &failing.faults(3, &[(Fault::SinkCrash, 2), (Fault::Replay, 1)]));
}

#[test]
fn an_event_whose_handler_always_panics_delays_no_other() {
    holds(Design::current(), &Scenario::of(&[GOOD, GOOD.key(1).whose_handler(Handling::Panics)]));
}
