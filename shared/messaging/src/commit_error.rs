//! Why a transaction did not commit.

/// The transaction did not commit. Nothing of it happened, unless the connection broke at the very end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Its events could not be inserted.
    #[error("insert events into the outbox")]
    Insert(#[source] sqlx::Error),
    /// The database refused, or the connection broke.
    #[error("commit")]
    Commit(#[source] sqlx::Error),
    /// A statement of the transaction failed and the error was ignored. PostgreSQL rolls such a transaction back, and
    /// answers its `COMMIT` without an error. Run statements whose errors you ignore in [`Transaction::attempt`](crate::Transaction::attempt).
    #[error("an earlier error aborted the transaction, so it can only be rolled back; use `attempt` to ignore errors")]
    Aborted(#[source] sqlx::Error),
    /// The future of an [`Transaction::attempt`](crate::Transaction::attempt) was dropped before it ended: how much of it was done is unknown.
    #[error("an attempt inside the transaction was interrupted")]
    Interrupted,
}

impl CommitError {
    pub(crate) fn insert(failure: sqlx::Error) -> Self {
        if is_aborted(&failure) { Self::Aborted(failure) } else { Self::Insert(failure) }
    }

    pub(crate) fn commit(failure: sqlx::Error) -> Self {
        if is_aborted(&failure) { Self::Aborted(failure) } else { Self::Commit(failure) }
    }

    /// The database's error; a protocol error if the database was not asked.
    pub fn into_source(self) -> sqlx::Error {
        match self {
            Self::Insert(source) | Self::Commit(source) | Self::Aborted(source) => source,
            Self::Interrupted => sqlx::Error::Protocol(Self::Interrupted.to_string()),
        }
    }
}

/// Whether a statement was refused because an earlier one failed: `in_failed_sql_transaction`.
fn is_aborted(failure: &sqlx::Error) -> bool {
    failure.as_database_error().is_some_and(|error| error.code().as_deref() == Some("25P02"))
}
