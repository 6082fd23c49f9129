//! The complete state at one moment: rows, messages, and the memory of processes.

use crate::scenario::{Faults, Release};
use crate::system::Property;

/// The state of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fact {
    /// Whether the commit was reported to the caller.
    pub(crate) reported: bool,
    /// The day inside its id.
    pub(crate) day: u8,
    pub(crate) row: Row,
    /// Failed attempts of the relay.
    pub(crate) attempts: u8,
    pub(crate) published: bool,
    /// Messages of it that the relay brought to the inbox.
    pub(crate) copies: u8,
    /// By handler: whether the inbox records it as handled.
    pub(crate) remembered: [bool; 2],
    /// By handler: how many times its effect was committed.
    pub(crate) applied: [u8; 2],
    /// A stored dead letter: from the consumer, or parked by the relay.
    pub(crate) letter: bool,
}

/// The state of an event's row in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Row {
    /// It was not inserted.
    None,
    /// It is to be published, in order.
    Lane,
    /// It failed, or its route is closed: it waits in the shadow lane.
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

/// The relay that owns the lane, if any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Relay {
    pub(crate) up: bool,
    /// The published rows in order, and the broker's answer to each.
    pub(crate) window: Vec<(u8, Sent)>,
    /// Whether the silent route is closed.
    pub(crate) closed: bool,
}

/// The state of a message of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sent {
    NotYet,
    /// The broker's answer is in flight.
    Awaited,
    /// There will be no answer.
    Unanswered,
    Confirmed,
    Returned,
    /// The answer timed out.
    Blamed,
}

/// A consuming process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Replica {
    pub(crate) life: Life,
    pub(crate) release: Release,
    /// Delivered, in the order of arrival, and not yet taken by a worker.
    pub(crate) waiting: Vec<Message>,
    pub(crate) jobs: [Option<Job>; 2],
    /// Delivered and not decided, in the order of arrival.
    pub(crate) undecided: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Life {
    Consumes,
    /// It is restarted.
    Down,
    /// The process runs, and does not consume.
    Mute,
}

/// The job of one worker: messages that are handled in one transaction, or one by one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) items: Vec<Item>,
    pub(crate) scope: Scope,
    pub(crate) phase: Phase,
}

/// The scope of a transaction.
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
    /// Inbox rows are inserted. The bits of [`Job::bit`] are the handlers and items that had no row before.
    Recorded { fresh: u8 },
    /// Handlers have run. `aborted`: a statement failed, and the handler ignored it.
    Handled { fresh: u8, aborted: bool },
    /// Everything is decided; the deliveries are being settled.
    Settling,
}

/// A delivery in a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Item {
    pub(crate) message: Message,
    pub(crate) fate: Fate,
    /// One of its handlers failed.
    pub(crate) failed: bool,
    /// The broker has requeued it or counts it as acknowledged: settling it has no effect.
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

/// The process that stores dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Sink {
    Idle,
    Holds(Message),
    /// It is stored or published as a new message, and not acknowledged.
    Safe(Message),
}

/// One moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) facts: Vec<Fact>,
    pub(crate) relay: Relay,
    /// Each queue is sorted, because a broker delivers messages in any order.
    pub(crate) inbox: Vec<Message>,
    pub(crate) ladder: Vec<Message>,
    pub(crate) dead: Vec<Message>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) sink: Sink,
    pub(crate) today: u8,
    /// Days that have an inbox partition, as bits.
    pub(crate) partitions: u8,
    pub(crate) faults: Faults,
    /// The property that the last step violated, if any.
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

    /// Whether a transaction holds uncommitted inbox rows of the event.
    pub(crate) fn has_uncommitted_inbox_rows(&self, event: u8) -> bool {
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

    /// Messages that the broker has delivered to it and that it has not settled.
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

    /// The items that the next transaction covers, with their indexes.
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
