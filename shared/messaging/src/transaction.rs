//! The one way to publish: a transaction that carries events with it and wakes the relay when it commits.

use crate::consumer::handler::Meta;
use crate::outbox::{self, AppendError, Cause, Circumstances, Staged};
use crate::probe::{Probe, Step};
use crate::relay::wake::{Occasions, Wake};
use rabbit_outbox_event::{Event, EventId};
use sqlx::{PgConnection, PgPool, Postgres};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// What a transaction needs to know of the service it belongs to.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) service: Arc<str>,
    pub(crate) wake: Arc<Wake>,
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
    scheduled: Vec<Staged>,
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
        Ok(Self { connection, origin, cause: None, staged: vec![], scheduled: vec![], after_commit: vec![] })
    }

    /// Announces `event` if and when this transaction commits.
    ///
    /// `sequence` is the version of the thing the event is about, after the event. Take the lock of that thing (its
    /// row, `for update`) before: then events of one key are published in the order of their versions.
    ///
    /// # Errors
    /// When the event is too large, not serialisable, or another service's. The database is not asked yet.
    pub fn append<E: Event>(&mut self, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        let circumstances = self.circumstances(None);
        self.stage(event, sequence, circumstances)
    }

    /// As [`Transaction::append`], as a consequence of a received event: for handlers of several events at once, which
    /// know by themselves what led to what.
    ///
    /// # Errors
    /// As [`Transaction::append`].
    pub fn append_for<E: Event>(&mut self, cause: &Meta, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        let traceparent = Some(cause.handling.to_string());
        let circumstances = Circumstances { cause: Some(cause.cause()), traceparent, due_at: None };
        self.stage(event, sequence, circumstances)
    }

    /// Announces `event` once `delay` has passed, if this transaction commits: a reminder, a time limit.
    ///
    /// The event's id and time are those of the moment it is due. It leaves at that moment or soon after, never before,
    /// in no order with the other events of its key. Until then [`Transaction::cancel_scheduled`] takes it back.
    ///
    /// # Errors
    /// As [`Transaction::append`]; [`AppendError::Due`] when it is due beyond the year 9999.
    pub fn publish_after<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        delay: Duration,
    ) -> Result<EventId, AppendError> {
        let delay = time::Duration::try_from(delay).ok();
        let due_at = delay.and_then(|delay| OffsetDateTime::now_utc().checked_add(delay));
        self.publish_at(event, sequence, due_at.ok_or(AppendError::Due { event: E::TYPE })?)
    }

    /// As [`Transaction::publish_after`], at a time of the clock; a time that is past means at once.
    ///
    /// # Errors
    /// As [`Transaction::publish_after`]; [`AppendError::Due`] also for a time before 1970.
    pub fn publish_at<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        due_at: OffsetDateTime,
    ) -> Result<EventId, AppendError> {
        let circumstances = self.circumstances(Some(due_at));
        let staged = Staged::new(&self.origin.service, event, sequence, circumstances)?;
        let id = staged.event_id();
        self.scheduled.push(staged);
        Ok(id)
    }

    /// Takes back an event that is not due yet, when this transaction commits; says whether there was one to take back.
    ///
    /// `false` means that it is on its way, or was taken back before.
    ///
    /// # Errors
    /// The database's.
    pub async fn cancel_scheduled(&mut self, event: EventId) -> Result<bool, sqlx::Error> {
        let before = self.scheduled.len();
        self.scheduled.retain(|staged| staged.event_id() != event);
        if self.scheduled.len() < before {
            return Ok(true);
        }
        outbox::cancel(&mut self.connection, event.0).await
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
        let mut occasions = Occasions::of_lanes(self.staged.iter().map(Staged::lane));
        if !self.scheduled.is_empty() {
            outbox::schedule(&mut self.connection, std::mem::take(&mut self.scheduled))
                .await
                .map_err(CommitError::Insert)?;
            occasions = occasions.and(Occasions::SCHEDULED);
        }
        if !self.staged.is_empty() {
            // As late as possible: ids are taken and the index is touched only for transactions that get here.
            outbox::insert(&mut self.connection, std::mem::take(&mut self.staged))
                .await
                .map_err(CommitError::Insert)?;
        }
        self.origin.probe.reached(Step::Staged);
        self.connection.commit().await.map_err(CommitError::Commit)?;
        self.origin.probe.reached(Step::Committed);
        self.origin.wake.committed(occasions);
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

    fn stage<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        circumstances: Circumstances,
    ) -> Result<EventId, AppendError> {
        let staged = Staged::new(&self.origin.service, event, sequence, circumstances)?;
        let id = staged.event_id();
        self.staged.push(staged);
        Ok(id)
    }

    fn circumstances(&self, due_at: Option<OffsetDateTime>) -> Circumstances {
        let traceparent = trace::current().map(|context| context.to_string());
        Circumstances { cause: self.cause, traceparent, due_at }
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
