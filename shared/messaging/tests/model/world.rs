//! Everything that there is at one moment: rows, messages, and what processes have in memory.

use crate::scenario::{Faults, Release};
use crate::system::Property;

/// An event and what became of it so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fact {
    /// Whether the caller was told that it is committed.
    pub(crate) told: bool,
    /// The day inside its id.
    pub(crate) day: u8,
    pub(crate) row: Row,
    /// Tries of the relay that failed.
    pub(crate) attempts: u8,
    pub(crate) published: bool,
    /// Messages of it that the relay brought to the inbox.
    pub(crate) copies: u8,
    /// By handler: whether the inbox remembers that it is done.
    pub(crate) remembered: [bool; 2],
    /// By handler: how often its effect was committed.
    pub(crate) applied: [u8; 2],
    /// A dead letter that people see: given up by the consumer, or parked by the relay.
    pub(crate) letter: bool,
}

/// The place of an event's row in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    /// It was not inserted.
    None,
    /// It is to be published, in order.
    Lane,
    /// It failed, or its route is closed: it waits aside.
    Shadow,
    /// It was deleted.
    Gone,
}

/// A message at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Message {
    pub(crate) event: u8,
    /// Rungs that it has used.
    pub(crate) climbed: u8,
    /// RabbitMQ's delivery count.
    pub(crate) interrupted: u8,
}

/// The relay that owns the lane, or nobody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Relay {
    pub(crate) up: bool,
    /// What is published, in its order, and what the broker said to each.
    pub(crate) window: Vec<(u8, Sent)>,
    /// Whether the silent route is closed.
    pub(crate) closed: bool,
}

/// What became of a message of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sent {
    NotYet,
    /// The broker's answer is on its way.
    Awaited,
    /// There will be no answer.
    Unanswered,
    Confirmed,
    Returned,
    /// There was no answer for too long.
    Blamed,
}

/// A process that consumes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Replica {
    pub(crate) life: Life,
    pub(crate) release: Release,
    /// Delivered, in the order of arrival, and taken by no worker yet.
    pub(crate) waiting: Vec<Message>,
    pub(crate) jobs: [Option<Job>; 2],
    /// Delivered and not decided, in the order of arrival.
    pub(crate) undecided: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Life {
    Consumes,
    /// It is started again.
    Down,
    /// The process lives, and nothing consumes.
    Mute,
}

/// What one worker does: messages that are handled in one transaction, or one by one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) items: Vec<Item>,
    pub(crate) scope: Scope,
    pub(crate) phase: Phase,
}

/// What a transaction is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// All items, all their handlers.
    Together,
    /// One handler of one item.
    Alone { item: u8, handler: u8 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// There is no transaction.
    Between,
    /// Inbox rows are inserted; of these handlers of these items, as bits of [`Job::bit`], there were none before.
    Recorded { fresh: u8 },
    /// Handlers have run. `aborted`: a statement failed, and the handler does not say so.
    Handled { fresh: u8, aborted: bool },
    /// Everything is decided; the broker is told.
    Settling,
}

/// A delivery in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub(crate) message: Message,
    pub(crate) fate: Fate,
    /// One of its handlers failed.
    pub(crate) failed: bool,
    /// The broker has taken it back, or holds it for acknowledged: nothing said about it counts.
    pub(crate) stale: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fate {
    Open,
    Done,
    Climbs,
    Dead,
    /// Its copy is safe.
    Copied,
}

/// The process that writes dead letters down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sink {
    Idle,
    Holds(Message),
    /// It is written down or put back as a new message, and not acknowledged.
    Safe(Message),
}

/// One moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) facts: Vec<Fact>,
    pub(crate) relay: Relay,
    /// Each sorted: a broker hands messages out in any order.
    pub(crate) inbox: Vec<Message>,
    pub(crate) ladder: Vec<Message>,
    pub(crate) dead: Vec<Message>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) sink: Sink,
    pub(crate) today: u8,
    /// Days that have an inbox partition, as bits.
    pub(crate) partitions: u8,
    pub(crate) faults: Faults,
    /// What the last step broke, if it did.
    pub(crate) broken: Option<Property>,
}

impl World {
    pub(crate) fn fact(&self, event: u8) -> &Fact {
        &self.facts[event as usize]
    }

    pub(crate) fn fact_mut(&mut self, event: u8) -> &mut Fact {
        &mut self.facts[event as usize]
    }

    pub(crate) fn has_partition(&self, day: u8) -> bool {
        self.partitions & (1 << day) != 0
    }

    /// Whether a transaction holds inbox rows of the event that are not committed.
    pub(crate) fn is_recorded_by_somebody(&self, event: u8) -> bool {
        self.replicas.iter().flat_map(|replica| replica.jobs.iter().flatten()).any(|job| job.has_recorded(event))
    }

    /// Whether the broker has a message of the event, delivered or not.
    pub(crate) fn broker_has(&self, event: u8) -> bool {
        let queued = [&self.inbox, &self.ladder, &self.dead].into_iter().flatten();
        let waiting = self.replicas.iter().flat_map(|replica| &replica.waiting);
        let items = self.replicas.iter().flat_map(|replica| replica.jobs.iter().flatten().flat_map(|job| &job.items));
        let held = items.filter(|item| !item.stale).map(|item| &item.message);
        let sunk = match &self.sink {
            Sink::Idle => None,
            Sink::Holds(message) | Sink::Safe(message) => Some(message),
        };
        queued.chain(waiting).chain(held).chain(sunk).any(|message| message.event == event)
    }
}

impl Message {
    pub(crate) fn new(event: u8) -> Self {
        Self { event, climbed: 0, interrupted: 0 }
    }
}

impl Replica {
    pub(crate) fn new(release: Release) -> Self {
        Self { life: Life::Consumes, release, waiting: vec![], jobs: [None, None], undecided: vec![] }
    }

    /// Messages that the broker has given it and that it has not settled.
    pub(crate) fn held(&self) -> usize {
        self.waiting.len() + self.jobs.iter().flatten().map(|job| job.items.len()).sum::<usize>()
    }

    /// An event is decided; its place in the order of arrival is free.
    pub(crate) fn decide(&mut self, event: u8) {
        if let Some(place) = self.undecided.iter().position(|undecided| *undecided == event) {
            self.undecided.remove(place);
        }
    }
}

impl Job {
    /// The bit of a handler of an item.
    pub(crate) fn bit(item: usize, handler: u8) -> u8 {
        1 << (item * 2 + usize::from(handler))
    }

    /// The items that the next transaction is about, with their places.
    pub(crate) fn in_scope(&self) -> impl Iterator<Item = (usize, &Item)> {
        let only = match self.scope {
            Scope::Together => None,
            Scope::Alone { item, .. } => Some(usize::from(item)),
        };
        let items = self.items.iter().enumerate();
        items.filter(move |(place, item)| item.fate == Fate::Open && only.is_none_or(|only| only == *place))
    }

    pub(crate) fn has_recorded(&self, event: u8) -> bool {
        match self.phase {
            Phase::Recorded { fresh } | Phase::Handled { fresh, .. } => {
                let mut items = self.items.iter().enumerate();
                items.any(|(place, item)| {
                    item.message.event == event && fresh & (Self::bit(place, 0) | Self::bit(place, 1)) != 0
                })
            }
            Phase::Between | Phase::Settling => false,
        }
    }
}

/// Adds a message to a queue.
pub(crate) fn enqueue(queue: &mut Vec<Message>, message: Message) {
    let place = queue.partition_point(|queued| *queued < message);
    queue.insert(place, message);
}

/// Takes a message out of a queue.
pub(crate) fn dequeue(queue: &mut Vec<Message>, message: Message) {
    if let Some(place) = queue.iter().position(|queued| *queued == message) {
        queue.remove(place);
    }
}
