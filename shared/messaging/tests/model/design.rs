//! The decisions of the published release, of today's design and of weaker designs, each at the same points of the
//! model.

/// The result of a commit to which PostgreSQL answers ROLLBACK, because an earlier statement failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AbortedCommit {
    /// It counts as a commit.
    Succeeds,
    /// It is an error like any other.
    Fails,
}

/// What happens to an event of a type without a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownType {
    DeadLetters,
    ClimbsLadder,
}

/// What happens to an event whose day has no inbox partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPartition {
    /// It becomes a dead letter.
    DeadLetters,
    /// The partition is created, and the event is handled.
    Create,
    /// It waits until the partition is created.
    Wait,
}

/// What the relay does if the confirms of a window do not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfirmTimeout {
    /// It starts again and publishes the same window.
    RepeatWindow,
    /// It settles each row by its own confirm. A route without a confirm is closed; its event waits, is tried alone,
    /// and is parked after [`super::system::ATTEMPTS_MAX`] attempts.
    BlameRoute,
}

/// What a panic of a handler ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandlerPanic {
    /// The consuming task; the process goes on.
    Consumption,
    /// The process, which is restarted.
    Process,
    /// The attempt of this event.
    Try,
}

/// Which deliveries an acknowledgement covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledgement {
    /// One.
    Each,
    /// All earlier ones of the channel, of any worker (AMQP's `multiple`).
    UpTo,
}

/// The decisions of a release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Design {
    pub(crate) aborted_commit: AbortedCommit,
    pub(crate) unknown_type: UnknownType,
    /// For a day inside the inbox window, or a future one.
    pub(crate) no_partition: NoPartition,
    /// For a day before the inbox window.
    pub(crate) forgotten_day: NoPartition,
    pub(crate) confirm_timeout: ConfirmTimeout,
    pub(crate) handler_panic: HandlerPanic,
    pub(crate) acknowledgement: Acknowledgement,
    /// Handlers of one event, each with its own inbox row.
    pub(crate) handlers_max: u8,
    /// Concurrent transactions of one replica.
    pub(crate) workers: u8,
    /// Whether all events of a key go to the same worker.
    pub(crate) workers_own_keys: bool,
    /// Whether the relay deletes a row before the confirm.
    pub(crate) deletes_unconfirmed: bool,
    /// Whether an inbox row records what was handled.
    pub(crate) remembers: bool,
}

impl Design {
    /// Commit f20ebef.
    pub(crate) fn f20ebef() -> Self {
        Self {
            aborted_commit: AbortedCommit::Succeeds,
            unknown_type: UnknownType::DeadLetters,
            no_partition: NoPartition::DeadLetters,
            forgotten_day: NoPartition::DeadLetters,
            confirm_timeout: ConfirmTimeout::RepeatWindow,
            handler_panic: HandlerPanic::Consumption,
            acknowledgement: Acknowledgement::UpTo,
            handlers_max: 1,
            workers: 1,
            workers_own_keys: true,
            deletes_unconfirmed: false,
            remembers: true,
        }
    }

    /// Its replacement.
    pub(crate) fn current() -> Self {
        Self {
            aborted_commit: AbortedCommit::Fails,
            unknown_type: UnknownType::ClimbsLadder,
            no_partition: NoPartition::Create,
            forgotten_day: NoPartition::DeadLetters,
            confirm_timeout: ConfirmTimeout::BlameRoute,
            handler_panic: HandlerPanic::Try,
            acknowledgement: Acknowledgement::Each,
            handlers_max: 2,
            workers: 2,
            workers_own_keys: true,
            deletes_unconfirmed: false,
            remembers: true,
        }
    }
}
