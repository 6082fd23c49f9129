//! The one way to publish: a transaction that carries events with it and wakes the relay when it commits.

use crate::outbox::{self, AppendError, Cause, Staged};
use crate::probe::{Probe, Step};
use event::Event;
use event::EventId;
use sqlx::{PgConnection, PgPool, Postgres};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::sync::Notify;

/// What a transaction needs to know of the service it belongs to.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) service: Arc<str>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) probe: Probe,
}

type AfterCommit = Box<dyn FnOnce() + Send>;

/// A database transaction that can publish events.
///
/// State, events and inbox row commit together or not at all. It is used as a connection, `&mut *tx`; dropping it
/// rolls back, events included.
pub struct Transaction {
    connection: sqlx::Transaction<'static, Postgres>,
    origin: Origin,
    cause: Option<Cause>,
    staged: Vec<Staged>,
    after_commit: Vec<AfterCommit>,
}

/// The transaction did not commit; nothing of it happened unless the connection broke at the very end.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Its events could not be written.
    #[error("insert events into the outbox")]
    Insert(#[source] sqlx::Error),
    /// The database refused, or went away.
    #[error("commit")]
    Commit(#[source] sqlx::Error),
}

impl Transaction {
    pub(crate) async fn begin(pool: &PgPool, origin: Origin) -> Result<Self, sqlx::Error> {
        let connection = pool.begin().await?;
        Ok(Self { connection, origin, cause: None, staged: vec![], after_commit: vec![] })
    }

    /// Announces `event` if and when this transaction commits.
    ///
    /// `sequence` is the version of the thing the event is about, after the event. Take the lock of that thing (its
    /// row, `for update`) before: then events of one key are published in the order of their versions.
    ///
    /// # Errors
    /// When the event is too large, not serialisable, or another service's. The database is not asked yet.
    pub fn append<E: Event>(&mut self, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        let staged = Staged::new(&self.origin.service, event, sequence, self.cause)?;
        let id = staged.event_id();
        self.staged.push(staged);
        Ok(id)
    }

    /// As [`Transaction::append`], as a consequence of a received event.
    ///
    /// # Errors
    /// As [`Transaction::append`].
    pub fn append_for<E: Event>(
        &mut self,
        cause: &crate::Meta,
        event: &E,
        sequence: i64,
    ) -> Result<EventId, AppendError> {
        let staged = Staged::new(&self.origin.service, event, sequence, Some(cause.cause()))?;
        let id = staged.event_id();
        self.staged.push(staged);
        Ok(id)
    }

    /// Runs `deed` right after the commit: for hints such as a push to sockets, never for what must happen.
    pub fn after_commit(&mut self, deed: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(deed));
    }

    /// Inserts the events, commits, wakes the relay, and runs what was to run after.
    ///
    /// # Errors
    /// [`CommitError`]. On [`CommitError::Commit`] with a broken connection the outcome is unknown.
    pub async fn commit(mut self) -> Result<(), CommitError> {
        let published = !self.staged.is_empty();
        if published {
            // As late as possible: ids are taken and the index is touched only for transactions that get here.
            outbox::insert(&mut self.connection, std::mem::take(&mut self.staged))
                .await
                .map_err(CommitError::Insert)?;
        }
        self.origin.probe.reached(Step::Staged);
        self.connection.commit().await.map_err(CommitError::Commit)?;
        self.origin.probe.reached(Step::Committed);
        if published {
            self.origin.wake.notify_one();
        }
        for deed in self.after_commit {
            deed();
        }
        Ok(())
    }

    /// Undoes everything now; dropping the transaction does so too, but only soon.
    ///
    /// # Errors
    /// The database's.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.connection.rollback().await
    }

    /// Events appended from now on name `cause` as what led to them.
    pub(crate) fn caused_by(&mut self, cause: Option<Cause>) {
        self.cause = cause;
    }
}

impl CommitError {
    /// The database's own error.
    pub fn into_source(self) -> sqlx::Error {
        match self {
            Self::Insert(source) | Self::Commit(source) => source,
        }
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
