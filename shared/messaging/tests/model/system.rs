//! The model: a design in a scenario, its steps, and its properties.

use crate::checker::Model;
use crate::design::{AbortedCommit, Design, NoPartition};
use crate::scenario::{Fault, Kind, Release, Scenario};
use crate::world::{Fact, Message, Relay, Replica, Row, Sink, World, enqueue};
use crate::{broker, consumer, relay};
use std::fmt;

/// Rungs of the retry ladder; 4 and 11 in reality, depending on the failure.
pub(crate) const RUNGS: u8 = 2;
/// Interrupted deliveries after which RabbitMQ drops a message, 20 in reality.
pub(crate) const DELIVERY_LIMIT: u8 = 2;
/// Interrupted deliveries of a dead letter after which it is published as a new message, 10 in reality.
pub(crate) const PUT_BACK_AFTER: u8 = 1;
/// Messages that a replica holds at a time, and rows of a relay's window.
pub(crate) const AT_A_TIME: usize = 2;
/// Attempts of the relay, 10 in reality.
pub(crate) const ATTEMPTS_MAX: u8 = 2;
/// Days of the inbox window, 7 in reality.
const DAYS_KEPT: u8 = 1;

/// The properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Property {
    /// Each event that was reported as committed has had its effects, is in flight, or is a dead letter.
    NothingLost,
    /// No effect is committed twice.
    EffectAtMostOnce,
    /// Events of a key are first published in the order of their commits; waiting events may be overtaken.
    PublishedInOrder,
    /// A replica handles the events of a key in the order in which they arrived; events on the ladder may be overtaken.
    HandledInOrder,
    /// No event that could be handled becomes a dead letter.
    GoodEventsArrive,
    /// The relay brings each event to the inbox at most so many times.
    CopiesBounded,
    /// From every state, without further faults, a quiet state is reached.
    ConsumptionGoesOn,
}

/// The actor of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    Producer,
    Relay,
    Broker,
    Consumer(usize, Release),
    DeadLetters,
    Maintenance,
    Person,
    Time,
}

/// A step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    who: Who,
    does: &'static str,
    /// The affected events, as bits.
    events: u8,
    promised: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.who {
            Who::Producer => write!(f, "producer")?,
            Who::Relay => write!(f, "relay")?,
            Who::Broker => write!(f, "broker")?,
            Who::Consumer(index, Release::New) => write!(f, "consumer {index}")?,
            Who::Consumer(index, Release::Old) => write!(f, "consumer {index} (old release)")?,
            Who::DeadLetters => write!(f, "dead letters")?,
            Who::Maintenance => write!(f, "maintenance")?,
            Who::Person => write!(f, "person")?,
            Who::Time => write!(f, "time")?,
        }
        write!(f, ": {}", self.does)?;
        let mut separator = " ";
        for (index, name) in ('A'..='H').enumerate() {
            if self.events & (1 << index) != 0 {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

/// Collects the steps that are possible in a world.
pub(crate) struct Steps<'a> {
    pub(crate) system: &'a System,
    pub(crate) world: &'a World,
    found: Vec<(Step, World)>,
}

impl Steps<'_> {
    /// A step that happens eventually.
    pub(crate) fn add(&mut self, who: Who, does: &'static str, events: u8, change: impl FnOnce(&mut World)) {
        self.push(Step { who, does, events, promised: true }, change);
    }

    /// A step that may or may not happen.
    pub(crate) fn may(&mut self, who: Who, does: &'static str, events: u8, change: impl FnOnce(&mut World)) {
        self.push(Step { who, does, events, promised: false }, change);
    }

    /// A fault, if one of its kind may still happen.
    pub(crate) fn fault(
        &mut self,
        fault: Fault,
        (who, does, events): (Who, &'static str, u8),
        change: impl FnOnce(&mut World),
    ) {
        if let Some(faults) = self.world.faults.after(fault) {
            self.may(who, does, events, |world| {
                world.faults = faults;
                change(world);
            });
        }
    }

    fn push(&mut self, step: Step, change: impl FnOnce(&mut World)) {
        let mut world = self.world.clone();
        change(&mut world);
        self.found.push((step, world));
    }
}

/// A design in a scenario.
#[derive(Clone, Debug)]
pub(crate) struct System {
    pub(crate) design: Design,
    pub(crate) scenario: Scenario,
}

impl System {
    pub(crate) fn kind(&self, event: u8) -> &Kind {
        &self.scenario.events[event as usize]
    }

    /// The handlers of an event that exist.
    pub(crate) fn handlers(&self) -> u8 {
        self.scenario.handlers.min(self.design.handlers_max)
    }

    /// The handlers of an event that a release knows: none if it does not know the type.
    pub(crate) fn handlers_of(&self, release: Release, event: u8) -> u8 {
        match release {
            Release::Old if !self.kind(event).known_by_old => 0,
            Release::Old if !self.scenario.old_has_all_handlers => 1,
            Release::Old | Release::New => self.handlers(),
        }
    }

    /// Whether the event's day is before the inbox window.
    pub(crate) fn is_forgotten(world: &World, event: u8) -> bool {
        world.fact(event).day + DAYS_KEPT < world.today
    }

    /// What happens to an event whose day has no partition.
    pub(crate) fn no_partition(&self, world: &World, event: u8) -> NoPartition {
        if Self::is_forgotten(world, event) { self.design.forgotten_day } else { self.design.no_partition }
    }

    /// Records that an event became a dead letter.
    pub(crate) fn give_up(&self, world: &mut World, event: u8) {
        if self.scenario.good_events_arrive && self.kind(event).is_good() && !Self::is_forgotten(world, event) {
            world.broken = Some(Property::GoodEventsArrive);
        }
    }

    /// The broker requeues a message that was delivered and not acknowledged.
    pub(crate) fn hand_back(&self, world: &mut World, message: Message) {
        let interrupted = message.interrupted + 1;
        if interrupted > DELIVERY_LIMIT {
            self.give_up(world, message.event);
            enqueue(&mut world.dead, Message { interrupted: 0, ..message });
        } else {
            enqueue(&mut world.inbox, Message { interrupted, ..message });
        }
    }

    fn produce(&self, steps: &mut Steps<'_>) {
        for (event, kind) in (0..).zip(&self.scenario.events) {
            // The lock of the key: its events are appended one after the other.
            let mut earlier = (0..event).filter(|earlier| self.kind(*earlier).key == kind.key);
            if steps.world.fact(event).reported || earlier.any(|earlier| !steps.world.fact(earlier).reported) {
                continue;
            }
            steps.add(Who::Producer, "commits event", 1 << event, |world| {
                let day = world.today;
                let fact = world.fact_mut(event);
                (fact.reported, fact.row, fact.day) = (true, Row::Lane, day);
            });
            let aborted = (Who::Producer, "commits after a failed statement: ROLLBACK, for event", 1 << event);
            steps.fault(Fault::AbortedProducer, aborted, |world| match self.design.aborted_commit {
                AbortedCommit::Succeeds => world.fact_mut(event).reported = true,
                AbortedCommit::Fails => {}
            });
        }
    }

    fn maintain(steps: &mut Steps<'_>) {
        steps.fault(Fault::Day, (Who::Time, "a day passes", 0), |world| world.today += 1);
        let today = steps.world.today;
        let wanted: u8 = (today.saturating_sub(DAYS_KEPT)..=today).map(|day| 1 << day).sum();
        // Dropping waits for transactions that have rows there.
        let mut facts = (0..).zip(&steps.world.facts);
        let forgets = |fact: &Fact| wanted & (1 << fact.day) == 0;
        if wanted == steps.world.partitions
            || facts.any(|(event, fact)| forgets(fact) && steps.world.has_uncommitted_inbox_rows(event))
        {
            return;
        }
        steps.may(Who::Maintenance, "creates and drops inbox partitions", 0, |world| {
            world.partitions = wanted;
            for fact in world.facts.iter_mut().filter(|fact| forgets(fact)) {
                fact.remembered = [false; 2];
            }
        });
    }

    fn replay(steps: &mut Steps<'_>) {
        for (event, fact) in (0..).zip(&steps.world.facts) {
            // The row of a replay is a new one; the model has one for each event.
            if !fact.letter || fact.row != Row::Gone || !steps.world.has_partition(fact.day) {
                continue;
            }
            steps.fault(Fault::Replay, (Who::Person, "replays dead letter", 1 << event), |world| {
                let fact = world.fact_mut(event);
                (fact.letter, fact.row, fact.attempts) = (false, Row::Lane, 0);
            });
        }
    }

    fn is_lost(&self, world: &World, event: u8) -> bool {
        let fact = world.fact(event);
        let applied = fact.applied[..usize::from(self.handlers())].iter().all(|times| *times > 0);
        let stored = matches!(fact.row, Row::Lane | Row::Shadow) || fact.letter;
        fact.reported && !applied && !stored && !world.broker_has(event)
    }
}

impl Model for System {
    type State = World;
    type Step = Step;
    type Property = Property;

    const LIVENESS: Property = Property::ConsumptionGoesOn;

    fn initial(&self) -> World {
        let fact = Fact {
            reported: false,
            day: 0,
            row: Row::None,
            attempts: 0,
            published: false,
            copies: 0,
            remembered: [false; 2],
            applied: [0; 2],
            letter: false,
        };
        World {
            facts: vec![fact; self.scenario.events.len()],
            relay: Relay { up: true, window: vec![], closed: false },
            inbox: vec![],
            ladder: vec![],
            dead: vec![],
            replicas: self.scenario.replicas.iter().map(|release| Replica::new(*release)).collect(),
            sink: Sink::Idle,
            today: 0,
            partitions: 1,
            faults: self.scenario.faults,
            broken: None,
        }
    }

    fn steps(&self, world: &World) -> Vec<(Step, World)> {
        let mut steps = Steps { system: self, world, found: vec![] };
        self.produce(&mut steps);
        relay::steps(&mut steps);
        broker::steps(&mut steps);
        consumer::steps(&mut steps);
        Self::maintain(&mut steps);
        Self::replay(&mut steps);
        steps.found
    }

    fn is_promised(step: &Step) -> bool {
        step.promised
    }

    fn broken(&self, world: &World) -> Option<Property> {
        if world.broken.is_some() {
            return world.broken;
        }
        if world.facts.iter().any(|fact| fact.applied.iter().any(|times| *times > 1)) {
            return Some(Property::EffectAtMostOnce);
        }
        if world.facts.iter().any(|fact| fact.copies > self.scenario.copies_max()) {
            return Some(Property::CopiesBounded);
        }
        (0..).zip(&world.facts).any(|(event, _)| self.is_lost(world, event)).then_some(Property::NothingLost)
    }

    fn is_quiet(&self, world: &World) -> bool {
        let settled = |(event, fact): (u8, &Fact)| fact.row == Row::Gone && !world.broker_has(event);
        let idle = |replica: &Replica| replica.jobs.iter().all(Option::is_none);
        (0..).zip(&world.facts).all(settled) && world.replicas.iter().all(idle)
    }
}
