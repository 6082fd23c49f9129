//! The bounds of a model: its events, its replicas, and which faults may happen how many times.

/// A possible fault; its number is the index in [`Faults`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The relay is killed.
    RelayCrash,
    /// A consumer is killed.
    ConsumerCrash,
    /// The process that stores dead letters is killed.
    SinkCrash,
    /// A consumer loses its connection to the broker and goes on.
    Disconnect,
    /// A handler fails once.
    HandlerError,
    /// A handler panics once.
    HandlerPanic,
    /// A handler ignores a database error, which aborts its transaction.
    AbortedHandler,
    /// The code that appends an event does so.
    AbortedProducer,
    /// The database commits, and the answer is lost.
    UnknownCommit,
    /// The broker's confirm is lost, with the message or without it.
    LostConfirm,
    /// A day passes.
    Day,
    /// A replica is replaced by one of the previous release.
    Rollback,
    /// A person replays a dead letter.
    Replay,
}

/// The number of kinds of faults.
const KINDS: usize = Fault::Replay as usize + 1;

/// The faults that may still happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Faults {
    total: u8,
    of: [u8; KINDS],
}

impl Faults {
    /// So many of each kind, at most `total` together.
    pub(crate) fn new(total: u8, each: &[(Fault, u8)]) -> Self {
        let mut of = [0; KINDS];
        for (fault, count) in each {
            of[*fault as usize] = *count;
        }
        Self { total, of }
    }

    /// All kinds, so many together.
    pub(crate) fn any(total: u8) -> Self {
        Self { total, of: [total; KINDS] }
    }

    pub(crate) fn total(self) -> u8 {
        self.total.min(self.of.iter().fold(0, |sum, count| sum.saturating_add(*count)))
    }

    /// The faults that are left after this one.
    pub(crate) fn after(self, fault: Fault) -> Option<Self> {
        let mut of = self.of;
        let count = &mut of[fault as usize];
        *count = count.checked_sub(1)?;
        let total = self.total.checked_sub(1)?;
        // What can't happen any more is normalised: this reduces the number of states.
        for count in &mut of {
            *count = (*count).min(total);
        }
        Some(Self { total, of })
    }
}

/// Whether a route accepts messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// To the inbox.
    Heard,
    /// The broker neither accepts nor refuses what is published.
    Silent,
    /// No queue is bound: the broker returns it.
    Unrouted,
}

/// What a handler does with an event, each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handling {
    Works,
    Fails,
    Panics,
}

/// An event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) key: u8,
    pub(crate) route: Route,
    /// Whether the previous release knows its type.
    pub(crate) known_by_old: bool,
    /// What its handlers do.
    pub(crate) handling: [Handling; 2],
}

/// An event that every release knows and handles.
pub(crate) const GOOD: Kind =
    Kind { key: 0, route: Route::Heard, known_by_old: true, handling: [Handling::Works, Handling::Works] };

impl Kind {
    pub(crate) fn key(self, key: u8) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn on(self, route: Route) -> Self {
        Self { route, ..self }
    }

    pub(crate) fn new_type(self) -> Self {
        Self { known_by_old: false, ..self }
    }

    /// Its first handler does this, each time.
    pub(crate) fn whose_handler(self, handling: Handling) -> Self {
        Self { handling: [handling, self.handling[1]], ..self }
    }

    /// Whether nothing about it prevents its effect.
    pub(crate) fn is_good(self) -> bool {
        self.route == Route::Heard && self.handling == [Handling::Works; 2]
    }
}

/// A release of the consuming service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Release {
    Old,
    New,
}

/// The bounds of one exploration.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) events: Vec<Kind>,
    pub(crate) replicas: Vec<Release>,
    /// Handlers of each event: 1 or 2.
    pub(crate) handlers: u8,
    /// Whether the old release has the second handler, too.
    pub(crate) old_has_all_handlers: bool,
    pub(crate) faults: Faults,
    /// Old replicas are replaced by new ones before an event returns from the last rung.
    pub(crate) rollout_within_ladder: bool,
    /// Messages of one event that the relay may bring to the inbox in addition to the first, and one for each fault.
    pub(crate) copies_tolerated: u8,
    /// Whether good events must not become dead letters: there are fewer interruptions than the broker's limit, and
    /// fewer failures than the ladder has rungs.
    pub(crate) good_events_arrive: bool,
}

impl Scenario {
    /// Messages of one event that the relay may bring to the inbox.
    pub(crate) fn copies_max(&self) -> u8 {
        1 + self.faults.total() + self.copies_tolerated
    }

    /// One replica, one handler, no faults.
    pub(crate) fn of(events: &[Kind]) -> Self {
        Self {
            events: events.to_vec(),
            replicas: vec![Release::New],
            handlers: 1,
            old_has_all_handlers: true,
            faults: Faults::new(0, &[]),
            rollout_within_ladder: false,
            copies_tolerated: 0,
            good_events_arrive: true,
        }
    }

    pub(crate) fn replicas(self, replicas: &[Release]) -> Self {
        Self { replicas: replicas.to_vec(), ..self }
    }

    pub(crate) fn two_handlers(self) -> Self {
        Self { handlers: 2, ..self }
    }

    pub(crate) fn faults(self, total: u8, each: &[(Fault, u8)]) -> Self {
        Self { faults: Faults::new(total, each), ..self }
    }

    /// Old replicas are replaced by new ones before an event returns from the last rung.
    pub(crate) fn rollout_within_ladder(self) -> Self {
        Self { rollout_within_ladder: true, ..self }
    }

    pub(crate) fn without_promise_of_arrival(self) -> Self {
        Self { good_events_arrive: false, ..self }
    }
}
