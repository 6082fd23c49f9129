//! The relay of one lane: reads, publishes a window, receives confirms, settles.

use crate::design::ConfirmTimeout;
use crate::scenario::{Fault, Route};
use crate::system::{AT_A_TIME, ATTEMPTS_MAX, Property, Steps, Who};
use crate::world::{Fact, Message, Row, Sent, World, enqueue};

/// All steps of the relay.
pub(crate) fn steps(steps: &mut Steps<'_>) {
    let world = steps.world;
    if !world.relay.up {
        steps.add(Who::Relay, "starts", 0, |world| world.relay.up = true);
        return;
    }
    steps.fault(Fault::RelayCrash, (Who::Relay, "is killed", 0), stop);
    if world.relay.window.is_empty() {
        read(steps);
    } else if let Some(place) = world.relay.window.iter().position(|(_, sent)| *sent == Sent::NotYet) {
        publish(steps, place);
    }
    answers(steps);
    timeout(steps);
    settle(steps);
}

/// Its memory is lost; the next owner of the lane starts from the table.
fn stop(world: &mut World) {
    world.relay.up = false;
    world.relay.window.clear();
    world.relay.closed = false;
}

fn read(steps: &mut Steps<'_>) {
    let (system, world) = (steps.system, steps.world);
    let is_closed = |event: u8| world.relay.closed && system.kind(event).route == Route::Silent;
    let rows = (0..).zip(&world.facts).filter(|(_, fact)| fact.row == Row::Lane).map(|(event, _)| event);
    let (aside, rows): (Vec<u8>, Vec<u8>) = rows.partition(|event| is_closed(*event));
    for event in aside {
        let does = "postpones, because its route is closed,";
        steps.add(Who::Relay, does, 1 << event, |world| world.fact_mut(event).row = Row::Shadow);
    }
    let window: Vec<(u8, Sent)> = rows.into_iter().take(AT_A_TIME).map(|event| (event, Sent::NotYet)).collect();
    if !window.is_empty() {
        let events = window.iter().map(|(event, _)| 1 << event).sum();
        steps.add(Who::Relay, "reads", events, |world| world.relay.window = window);
    }
    for (event, fact) in (0..).zip(&world.facts) {
        if fact.row == Row::Shadow {
            let does = "tries again, alone,";
            steps.add(Who::Relay, does, 1 << event, |world| world.relay.window = vec![(event, Sent::NotYet)]);
        }
    }
}

fn publish(steps: &mut Steps<'_>, place: usize) {
    let (system, world) = (steps.system, steps.world);
    let event = world.relay.window[place].0;
    let kind = system.kind(event);
    let overtakes =
        |(earlier, fact): (u8, &Fact)| system.kind(earlier).key == kind.key && fact.row == Row::Lane && !fact.published;
    let out_of_order = !world.fact(event).published && (0..event).zip(&world.facts).any(overtakes);
    let deletes = system.design.deletes_unconfirmed;
    let sends = |world: &mut World, sent: Sent, arrives: bool| {
        world.relay.window[place].1 = sent;
        let fact = world.fact_mut(event);
        fact.published = true;
        if deletes {
            fact.row = Row::Gone;
        }
        if arrives {
            fact.copies += 1;
            enqueue(&mut world.inbox, Message::new(event));
        }
        if out_of_order {
            world.broken = Some(Property::PublishedInOrder);
        }
    };
    match kind.route {
        Route::Heard => {
            steps.add(Who::Relay, "publishes", 1 << event, |world| sends(world, Sent::Awaited, true));
            let lost = (Who::Broker, "takes, and its confirm is lost, of", 1 << event);
            steps.fault(Fault::LostConfirm, lost, |world| sends(world, Sent::Unanswered, true));
            let lost = (Who::Broker, "loses with its confirm", 1 << event);
            steps.fault(Fault::LostConfirm, lost, |world| sends(world, Sent::Unanswered, false));
        }
        Route::Silent => {
            let does = "publishes to a route that never confirms";
            steps.add(Who::Relay, does, 1 << event, |world| sends(world, Sent::Unanswered, false));
        }
        Route::Unrouted => {
            let does = "publishes where no queue listens";
            steps.add(Who::Relay, does, 1 << event, |world| sends(world, Sent::Awaited, false));
        }
    }
}

/// Confirms and returns, in any order.
fn answers(steps: &mut Steps<'_>) {
    for (place, (event, sent)) in steps.world.relay.window.iter().enumerate() {
        if *sent != Sent::Awaited {
            continue;
        }
        let (does, answer) = match steps.system.kind(*event).route {
            Route::Unrouted => ("returns", Sent::Returned),
            Route::Heard | Route::Silent => ("confirms", Sent::Confirmed),
        };
        steps.add(Who::Broker, does, 1 << event, |world| world.relay.window[place].1 = answer);
    }
}

fn timeout(steps: &mut Steps<'_>) {
    let window = &steps.world.relay.window;
    if window.iter().any(|(_, sent)| *sent == Sent::NotYet) {
        return;
    }
    let unanswered = window.iter().enumerate().filter(|(_, (_, sent))| *sent == Sent::Unanswered);
    for (place, (event, _)) in unanswered {
        match steps.system.design.confirm_timeout {
            ConfirmTimeout::RepeatWindow => {
                steps.add(Who::Relay, "waited in vain for confirms and begins again", 0, stop);
                return;
            }
            ConfirmTimeout::BlameRoute => {
                steps.add(Who::Relay, "waited in vain for the confirm of", 1 << event, |world| {
                    world.relay.window[place].1 = Sent::Blamed;
                });
            }
        }
    }
}

/// Row by row, because a crash may happen between any two statements.
fn settle(steps: &mut Steps<'_>) {
    let (system, window) = (steps.system, &steps.world.relay.window);
    let is_open = |sent: &Sent| matches!(sent, Sent::NotYet | Sent::Awaited | Sent::Unanswered);
    // The barrier: a window is settled when all of it is decided.
    let waits_for_all = system.design.confirm_timeout == ConfirmTimeout::RepeatWindow;
    if waits_for_all && window.iter().any(|(_, sent)| is_open(sent)) {
        return;
    }
    for (place, (event, sent)) in window.iter().enumerate() {
        let (event, sent) = (*event, *sent);
        if is_open(&sent) {
            continue;
        }
        let parks = steps.world.fact(event).attempts + 1 >= ATTEMPTS_MAX;
        let does = match sent {
            Sent::Confirmed => "deletes",
            _ if parks => "parks",
            _ => "postpones",
        };
        steps.add(Who::Relay, does, 1 << event, |world| {
            world.relay.window.remove(place);
            if sent == Sent::Blamed {
                world.relay.closed |= system.kind(event).route == Route::Silent;
            }
            let fact = world.fact_mut(event);
            if sent == Sent::Confirmed {
                fact.row = Row::Gone;
                return;
            }
            fact.attempts += 1;
            if parks {
                (fact.row, fact.letter) = (Row::Gone, true);
                system.give_up(world, event);
            } else {
                fact.row = Row::Shadow;
            }
        });
    }
}
