//! Where the promises end, and that a design without one of the decisions violates one: what the checker would find.

use crate::claim::breaks;
use crate::design::{Acknowledgement, Design, HandlerPanic, NoPartition};
use crate::scenario::{Fault, GOOD, Handling, Release, Scenario};
use crate::system::Property;

#[test]
fn a_rollout_longer_than_the_ladder_gives_up_what_only_the_new_release_knows() {
    let scenario = Scenario::of(&[GOOD.new_type()]).replicas(&[Release::Old, Release::New]);
    breaks(Property::GoodEventsArrive, Design::current(), &scenario);
}

#[test]
fn a_handler_that_only_the_new_release_has_misses_what_the_old_one_takes() {
    let scenario = Scenario::of(&[GOOD]).two_handlers().replicas(&[Release::Old, Release::New]);
    let scenario = Scenario { old_has_all_handlers: false, ..scenario };
    breaks(Property::NothingLost, Design::current(), &scenario);
}

#[test]
fn as_many_crashes_as_the_broker_counts_make_a_dead_letter_of_a_good_event() {
    let scenario = Scenario::of(&[GOOD]).faults(3, &[(Fault::ConsumerCrash, 3)]);
    breaks(Property::GoodEventsArrive, Design::current(), &scenario);
}

#[test]
fn as_many_crashes_in_a_row_as_the_broker_counts_lose_a_dead_letter() {
    let scenario = Scenario::of(&[GOOD.whose_handler(Handling::Fails)]).faults(3, &[(Fault::SinkCrash, 3)]);
    breaks(Property::NothingLost, Design::current(), &scenario);
}

#[test]
fn a_relay_that_deletes_before_the_confirm_loses_events() {
    let design = Design { deletes_unconfirmed: true, ..Design::current() };
    let scenario = Scenario::of(&[GOOD]).faults(2, &[(Fault::RelayCrash, 1), (Fault::LostConfirm, 1)]);
    breaks(Property::NothingLost, design, &scenario);
}

#[test]
fn a_consumer_without_an_inbox_repeats_effects() {
    let design = Design { remembers: false, ..Design::current() };
    breaks(Property::EffectAtMostOnce, design, &Scenario::of(&[GOOD]).faults(1, &[(Fault::ConsumerCrash, 1)]));
}

#[test]
fn an_acknowledgement_that_speaks_for_other_workers_loses_events() {
    let design = Design { acknowledgement: Acknowledgement::UpTo, ..Design::current() };
    let scenario = Scenario::of(&[GOOD, GOOD.key(1)]).faults(1, &[(Fault::ConsumerCrash, 1)]);
    breaks(Property::NothingLost, design, &scenario);
}

#[test]
fn workers_that_do_not_own_keys_handle_out_of_order() {
    let design = Design { workers_own_keys: false, ..Design::current() };
    breaks(Property::HandledInOrder, design, &Scenario::of(&[GOOD, GOOD]));
}

#[test]
fn a_partition_that_is_created_again_for_a_forgotten_day_repeats_effects() {
    let design = Design { forgotten_day: NoPartition::Create, ..Design::current() };
    let scenario = Scenario::of(&[GOOD]).faults(3, &[(Fault::Day, 2), (Fault::ConsumerCrash, 1)]);
    breaks(Property::EffectAtMostOnce, design, &scenario);
}

#[test]
fn waiting_for_the_partition_of_a_forgotten_day_never_ends() {
    let design = Design { forgotten_day: NoPartition::Wait, ..Design::current() };
    breaks(Property::ConsumptionGoesOn, design, &Scenario::of(&[GOOD]).faults(2, &[(Fault::Day, 2)]));
}

#[test]
fn waiting_for_a_partition_that_is_not_created_never_ends() {
    let design = Design { no_partition: NoPartition::Wait, ..Design::current() };
    breaks(Property::ConsumptionGoesOn, design, &Scenario::of(&[GOOD]).faults(1, &[(Fault::Day, 1)]));
}

#[test]
fn a_panic_that_ends_the_process_makes_dead_letters_of_its_neighbours() {
    let design = Design { handler_panic: HandlerPanic::Process, ..Design::current() };
    let events = [GOOD, GOOD.key(1).whose_handler(Handling::Panics)];
    breaks(Property::GoodEventsArrive, design, &Scenario::of(&events));
}
