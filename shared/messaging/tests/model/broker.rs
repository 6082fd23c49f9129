//! The broker's ladder, and the process that stores dead letters.

use crate::scenario::{Fault, Release};
use crate::system::{DELIVERY_LIMIT, PUT_BACK_AFTER, RUNGS, Steps, Who};
use crate::world::{Message, Sink, World, dequeue, enqueue};

/// All steps of the broker itself and of the sink.
pub(crate) fn steps(steps: &mut Steps<'_>) {
    let (system, world) = (steps.system, steps.world);
    let old_is_there = world.replicas.iter().any(|replica| replica.release == Release::Old);
    for message in distinct(&world.ladder) {
        // A rollout ends before an event has passed the whole ladder.
        if system.scenario.rollout_within_ladder && message.climbed >= RUNGS && old_is_there {
            continue;
        }
        steps.add(Who::Broker, "brings back from the ladder", 1 << message.event, |world| {
            dequeue(&mut world.ladder, message);
            enqueue(&mut world.inbox, message);
        });
    }
    sink(steps);
}

fn sink(steps: &mut Steps<'_>) {
    let world = steps.world;
    match world.sink {
        Sink::Idle => {
            for message in distinct(&world.dead) {
                steps.add(Who::DeadLetters, "takes", 1 << message.event, |world| {
                    dequeue(&mut world.dead, message);
                    world.sink = Sink::Holds(message);
                });
            }
        }
        Sink::Holds(message) => {
            if message.interrupted >= PUT_BACK_AFTER {
                steps.add(Who::DeadLetters, "puts back as a new message", 1 << message.event, |world| {
                    enqueue(&mut world.dead, Message { interrupted: 0, ..message });
                    world.sink = Sink::Safe(message);
                });
            } else {
                steps.add(Who::DeadLetters, "writes down", 1 << message.event, |world| {
                    world.fact_mut(message.event).letter = true;
                    world.sink = Sink::Safe(message);
                });
            }
            crash(steps, message);
        }
        Sink::Safe(message) => {
            let does = "acknowledges";
            steps.add(Who::DeadLetters, does, 1 << message.event, |world| world.sink = Sink::Idle);
            crash(steps, message);
        }
    }
}

/// Its process is killed. The queue has no dead-letter exchange, so RabbitMQ 4 drops a message that was returned too
/// often.
fn crash(steps: &mut Steps<'_>, message: Message) {
    let interrupted = message.interrupted + 1;
    let killed = (Who::DeadLetters, "is killed with", 1 << message.event);
    steps.fault(Fault::SinkCrash, killed, |world: &mut World| {
        world.sink = Sink::Idle;
        if interrupted <= DELIVERY_LIMIT {
            enqueue(&mut world.dead, Message { interrupted, ..message });
        }
    });
}

/// The distinct messages of a sorted queue.
pub(crate) fn distinct(queue: &[Message]) -> Vec<Message> {
    let mut messages = queue.to_vec();
    messages.dedup();
    messages
}
