//! What the published release, today's and weaker designs decide, each at the same points of the model.

/// What becomes of a commit to which PostgreSQL answers ROLLBACK, because a statement before it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AbortedCommit {
    /// It counts as a commit.
    Succeeds,
    /// It is an error, as any other.
    Fails,
}

/// What becomes of an event of a type that nobody here handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownType {
    DeadLetters,
    ClimbsLadder,
}

/// What becomes of an event whose day has no inbox partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPartition {
    /// It is given up.
    DeadLetters,
    /// The partition is created, and the event is handled.
    Create,
    /// It is held until somebody creates the partition.
    Wait,
}

/// What the relay does when the confirms of a window do not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConfirmTimeout {
    /// It begins again and publishes the same window.
    RepeatWindow,
    /// It settles each row by its own confirm. A route whose confirm does not come is closed; its event waits, is tried
    /// alone, and is parked after [`super::system::ATTEMPTS_MAX`] tries.
    BlameRoute,
}

/// What a panic of a handler ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandlerPanic {
    /// The task that consumes; the process lives on.
    Consumption,
    /// The process, which is started again.
    Process,
    /// The try of this event.
    Try,
}

/// For which deliveries an acknowledgement speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Acknowledgement {
    /// For one.
    Each,
    /// For all of the channel before it, whichever worker has them (AMQP's `multiple`).
    UpTo,
}

/// The decisions of a release.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Design {
    pub(crate) aborted_commit: AbortedCommit,
    pub(crate) unknown_type: UnknownType,
    /// Of a day that the inbox still remembers, or will.
    pub(crate) no_partition: NoPartition,
    /// Of a day that the inbox has forgotten.
    pub(crate) forgotten_day: NoPartition,
    pub(crate) confirm_timeout: ConfirmTimeout,
    pub(crate) handler_panic: HandlerPanic,
    pub(crate) acknowledgement: Acknowledgement,
    /// Handlers of one event, each with an inbox row of its own.
    pub(crate) handlers_max: u8,
    /// Transactions of one replica at a time.
    pub(crate) workers: u8,
    /// Whether all events of a key go to the same worker.
    pub(crate) workers_own_keys: bool,
    /// Whether the relay deletes a row before the confirm, and not after.
    pub(crate) deletes_unconfirmed: bool,
    /// Whether an inbox row remembers what was handled.
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

    /// What replaces it.
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
