//! A transaction that carries events with it and wakes the relay when it commits.

use crate::consumer::handler::Meta;
use crate::headers::Headers;
use crate::outbox::{self, AppendError, Cause, Circumstances, Staged};
use crate::probe::{Probe, Step};
use crate::propagation::Tracing;
use crate::relay::wake::{Occasions, Wake};
use rabbit_outbox_event::{Event, EventId};
use sqlx::{AssertSqlSafe, Executor, PgConnection, PgPool, Postgres};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tracing::error;

/// What a transaction needs to know of the service it belongs to.
#[derive(Clone)]
pub(crate) struct Origin {
    pub(crate) service: Arc<str>,
    pub(crate) wake: Arc<Wake>,
    pub(crate) probe: Probe,
    pub(crate) tracing: Arc<dyn Tracing>,
    /// Whether this service declares its exchanges, queues and bindings.
    pub(crate) declares: bool,
}

type AfterCommit = Box<dyn FnOnce() + Send>;

/// A database transaction that can publish events.
///
/// State, events and inbox row commit together or not at all. It is used as a connection, `&mut *tx`; dropping it
/// rolls back, events included. Do not end it by hand, with `commit` or `rollback` as a statement: tolerate errors of
/// the database with [`Transaction::attempt`].
pub struct Transaction {
    connection: sqlx::Transaction<'static, Postgres>,
    origin: Origin,
    cause: Option<Cause>,
    staged: Vec<Staged>,
    scheduled: Vec<Staged>,
    after_commit: Vec<AfterCommit>,
    /// Attempts that began and did not end: their futures were dropped.
    attempts_open: u32,
}

/// The transaction did not commit; nothing of it happened unless the connection broke at the very end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// Its events could not be written.
    #[error("insert events into the outbox")]
    Insert(#[source] sqlx::Error),
    /// The database refused, or went away.
    #[error("commit")]
    Commit(#[source] sqlx::Error),
    /// A statement of the transaction had failed and the error was ignored: PostgreSQL rolls such a transaction back,
    /// and answers its `COMMIT` without an error. Errors that may be ignored belong into [`Transaction::attempt`].
    #[error("an earlier error aborted the transaction, so it can only be rolled back; use `attempt` to ignore errors")]
    Aborted(#[source] sqlx::Error),
    /// The future of an [`Transaction::attempt`] was dropped half-way: what it had done is not known.
    #[error("an attempt inside the transaction was interrupted")]
    Interrupted,
}

impl Transaction {
    pub(crate) async fn begin(pool: &PgPool, origin: Origin) -> Result<Self, sqlx::Error> {
        let connection = pool.begin().await?;
        Ok(Self::of(connection, origin))
    }

    /// Begins one whose statements end after `statement_max`.
    ///
    /// Giving up on a statement leaves it running in the server, with its locks: the next try would wait for them.
    pub(crate) async fn begin_limited(
        pool: &PgPool,
        origin: Origin,
        statement_max: Duration,
    ) -> Result<Self, sqlx::Error> {
        let milliseconds = statement_max.as_millis().clamp(1, 2_147_483_647);
        let begin = format!("begin; set local statement_timeout = {milliseconds}");
        Ok(Self::of(pool.begin_with(AssertSqlSafe(begin)).await?, origin))
    }

    fn of(connection: sqlx::Transaction<'static, Postgres>, origin: Origin) -> Self {
        Self {
            connection,
            origin,
            cause: None,
            staged: vec![],
            scheduled: vec![],
            after_commit: vec![],
            attempts_open: 0,
        }
    }

    /// Announces `event` if and when this transaction commits.
    ///
    /// `sequence` is the version of the thing the event is about, after the event. Take the lock of that thing (its
    /// row, `for update`) before: then events of one key are published in the order of their versions.
    ///
    /// # Errors
    /// When the event is too large, not serialisable, or another service's. The database is not asked yet.
    pub fn append<E: Event>(&mut self, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        self.append_with(event, sequence, Headers::new())
    }

    /// As [`Transaction::append`], with headers.
    ///
    /// # Errors
    /// As [`Transaction::append`]; [`AppendError::Headers`] when they are too large, or a name is reserved.
    pub fn append_with<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        headers: Headers,
    ) -> Result<EventId, AppendError> {
        let circumstances = Circumstances { headers, ..self.circumstances(None) };
        self.stage(event, sequence, circumstances)
    }

    /// As [`Transaction::append`], as a consequence of a received event: for handlers of several events at once, which
    /// know by themselves what led to what.
    ///
    /// # Errors
    /// As [`Transaction::append`].
    pub fn append_for<E: Event>(&mut self, cause: &Meta, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        let cause = cause.cause();
        let traceparent = cause.traceparent.clone();
        let circumstances = Circumstances { cause: Some(cause), traceparent, ..Circumstances::default() };
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
        if due_at < OffsetDateTime::UNIX_EPOCH {
            return Err(AppendError::Due { event: E::TYPE });
        }
        // Consumers know an event by the day inside its id: one of a past day would be taken for a late repeat.
        let circumstances = self.circumstances(Some(due_at.max(OffsetDateTime::now_utc())));
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

    /// Runs `work` inside a savepoint: when it fails, what it did is undone, its events included, and the transaction
    /// goes on.
    ///
    /// An error of the database aborts a PostgreSQL transaction, whether or not the error is ignored; this is the way to
    /// ignore one. The outer error is the savepoint's own; then the transaction can't go on.
    ///
    /// ```no_run
    /// # async fn example(tx: &mut rabbit_outbox::Transaction, id: i64) -> Result<(), sqlx::Error> {
    /// let inserted = tx
    ///     .attempt(async |tx| sqlx::query("insert into arrivals (id) values ($1)").bind(id).execute(&mut **tx).await)
    ///     .await?;
    /// match inserted {
    ///     Ok(_) => {}
    ///     Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {} // it is there already
    ///     Err(other) => return Err(other),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// The database's, when the savepoint could not be made, released or undone.
    pub async fn attempt<T, E>(
        &mut self,
        work: impl AsyncFnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<Result<T, E>, sqlx::Error> {
        self.connection.execute("savepoint rabbit_outbox_attempt").await?;
        let (staged, scheduled) = (self.staged.len(), self.scheduled.len());
        let after_commit = self.after_commit.len();
        self.attempts_open += 1;
        let outcome = work(self).await;
        if outcome.is_ok() {
            self.connection.execute("release savepoint rabbit_outbox_attempt").await?;
        } else {
            let undo = "rollback to savepoint rabbit_outbox_attempt; release savepoint rabbit_outbox_attempt";
            self.connection.execute(sqlx::raw_sql(undo)).await?;
            self.staged.truncate(staged);
            self.scheduled.truncate(scheduled);
            self.after_commit.truncate(after_commit);
        }
        self.attempts_open -= 1;
        Ok(outcome)
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
        if self.attempts_open > 0 {
            return Err(CommitError::Interrupted);
        }
        let mut occasions = Occasions::of_lanes(self.staged.iter().map(Staged::lane));
        let is_bare = self.staged.is_empty() && self.scheduled.is_empty();
        if !self.scheduled.is_empty() {
            outbox::schedule(&mut self.connection, std::mem::take(&mut self.scheduled))
                .await
                .map_err(CommitError::insert)?;
            occasions = occasions.and(Occasions::SCHEDULED);
        }
        if !self.staged.is_empty() {
            // As late as possible: ids are taken and the index is touched only for transactions that get here.
            outbox::insert(&mut self.connection, std::mem::take(&mut self.staged))
                .await
                .map_err(CommitError::insert)?;
        }
        self.origin.probe.reached(Step::Staged);
        if is_bare {
            commit_checked(self.connection).await.map_err(CommitError::commit)?;
        } else {
            self.connection.commit().await.map_err(CommitError::commit)?;
        }
        self.origin.probe.reached(Step::Committed);
        self.origin.wake.committed(occasions);
        for deed in self.after_commit {
            // What is committed is committed: a deed that panics must not look like a failure of the transaction.
            if catch_unwind(AssertUnwindSafe(deed)).is_err() {
                error!("a deed after a commit panicked");
            }
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
        let current = self.origin.tracing.current();
        let traceparent = current.or_else(|| self.cause.as_ref()?.traceparent.clone());
        Circumstances { cause: self.cause.clone(), traceparent, due_at, headers: Headers::new() }
    }

    /// Events appended from now on name `cause` as what led to them.
    pub(crate) fn caused_by(&mut self, cause: Option<Cause>) {
        self.cause = cause;
    }
}

/// Commits a transaction whose last statement may have failed.
///
/// PostgreSQL answers `ROLLBACK` to the `COMMIT` of an aborted transaction, which the client library takes for success.
/// Any other statement fails there; inserting events is one. This one also fails if the transaction was ended by hand.
///
/// Both statements are one round trip. The client library does not see that this commits: it rolls back what it takes for
/// the same transaction while it returns the connection to the pool. That is the empty one that `and chain` begins.
async fn commit_checked(mut connection: sqlx::Transaction<'static, Postgres>) -> Result<(), sqlx::Error> {
    let commit = sqlx::raw_sql("savepoint rabbit_outbox_commit; commit and chain");
    connection.execute(commit).await.map(drop)
}

impl CommitError {
    fn insert(failure: sqlx::Error) -> Self {
        if is_aborted(&failure) { Self::Aborted(failure) } else { Self::Insert(failure) }
    }

    fn commit(failure: sqlx::Error) -> Self {
        if is_aborted(&failure) { Self::Aborted(failure) } else { Self::Commit(failure) }
    }

    /// The database's own error; a protocol error where it was not asked.
    pub fn into_source(self) -> sqlx::Error {
        match self {
            Self::Insert(source) | Self::Commit(source) | Self::Aborted(source) => source,
            Self::Interrupted => sqlx::Error::Protocol(Self::Interrupted.to_string()),
        }
    }
}

/// Whether a statement was refused because an earlier one had failed: `in_failed_sql_transaction`.
fn is_aborted(failure: &sqlx::Error) -> bool {
    failure.as_database_error().is_some_and(|error| error.code().as_deref() == Some("25P02"))
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
