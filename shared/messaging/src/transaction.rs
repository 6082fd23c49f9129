//! A transaction that carries events and wakes the relay when it commits.

pub use crate::commit_error::CommitError;

use crate::begin;
use crate::consumer::meta::Meta;
use crate::headers::Headers;
use crate::outbox::{self, AppendError, Cause, EventContext, Staged};
use crate::panics;
use crate::probe::{Probe, Step};
use crate::propagation::Tracing;
use crate::relay::wake::{Occasions, Wake};
use rabbit_outbox_event::{Event, EventId};
use sqlx::{Executor, PgConnection, PgPool, Postgres};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use tracing::error;

/// What a transaction needs to know about its service.
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
/// State, events and inbox row commit together or not at all. Use it as a connection, `&mut *tx`. Dropping it rolls
/// back, including the events. Do not end it with a `commit` or `rollback` statement. To tolerate a database error, use
/// [`Transaction::attempt`].
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

impl Transaction {
    pub(crate) async fn begin(pool: &PgPool, origin: Origin) -> Result<Self, sqlx::Error> {
        Ok(Self::of(begin::begin(pool).await?, origin))
    }

    /// Begins a transaction whose statements end after `statement_max`.
    ///
    /// Without it, a statement that the client gave up on would go on in the server and keep its locks; the next
    /// attempt would wait for them.
    pub(crate) async fn begin_limited(
        pool: &PgPool,
        origin: Origin,
        statement_max: Duration,
    ) -> Result<Self, sqlx::Error> {
        let milliseconds = statement_max.as_millis().clamp(1, 2_147_483_647);
        let statement = format!("begin; set local statement_timeout = {milliseconds}");
        Ok(Self::of(begin::begin_with(pool, statement).await?, origin))
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

    /// Publishes `event` if this transaction commits.
    ///
    /// `sequence` is the version of the aggregate after the event. First lock the aggregate (its row, `for update`):
    /// then events of one key are published in the order of their versions.
    ///
    /// # Errors
    /// If the event is too large, can't be serialized, or belongs to another service. The database is not used yet.
    pub fn append<E: Event>(&mut self, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        self.append_with(event, sequence, Headers::new())
    }

    /// Same as [`Transaction::append`], with headers.
    ///
    /// # Errors
    /// Same as [`Transaction::append`]; [`AppendError::Headers`] if they are too large or a name is reserved.
    pub fn append_with<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        headers: Headers,
    ) -> Result<EventId, AppendError> {
        let context = EventContext { headers, ..self.context(None) };
        self.stage(event, sequence, context)
    }

    /// Same as [`Transaction::append`], with a received event as the cause: for handlers of several events at once,
    /// which know the cause of each new event.
    ///
    /// # Errors
    /// Same as [`Transaction::append`].
    pub fn append_for<E: Event>(&mut self, cause: &Meta, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        let cause = cause.cause();
        let traceparent = cause.traceparent.clone();
        let context = EventContext { cause: Some(cause), traceparent, ..EventContext::default() };
        self.stage(event, sequence, context)
    }

    /// Publishes `event` after `delay`, if this transaction commits: a reminder, a timeout.
    ///
    /// The delay is counted from the commit, by the database's clock. The event's id and time are those of the moment it is
    /// due by the clock of this process. It is published at that moment or soon after, never
    /// before, and in no defined order with other events of its key. Until then [`Transaction::cancel_scheduled`] can
    /// cancel it.
    ///
    /// # Errors
    /// Same as [`Transaction::append`]; [`AppendError::Due`] if it is due after the year 9999.
    pub fn publish_after<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        delay: Duration,
    ) -> Result<EventId, AppendError> {
        let length = time::Duration::try_from(delay).ok();
        let due_at = length.and_then(|length| OffsetDateTime::now_utc().checked_add(length));
        let due_at = due_at.ok_or(AppendError::Due { event: E::TYPE })?;
        self.schedule(event, sequence, due_at, Some(delay))
    }

    /// Same as [`Transaction::publish_after`], at a given time by the database's clock; a time in the past means now.
    ///
    /// # Errors
    /// Same as [`Transaction::publish_after`]; [`AppendError::Due`] also for a time before 1970.
    pub fn publish_at<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        due_at: OffsetDateTime,
    ) -> Result<EventId, AppendError> {
        if due_at < OffsetDateTime::UNIX_EPOCH {
            return Err(AppendError::Due { event: E::TYPE });
        }
        let now = OffsetDateTime::now_utc();
        if due_at <= now {
            // Consumers look an event up by the day in its id: one of a past day could be taken for a late duplicate.
            self.schedule(event, sequence, now, Some(Duration::ZERO))
        } else {
            self.schedule(event, sequence, due_at, None)
        }
    }

    fn schedule<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        due_at: OffsetDateTime,
        delay: Option<Duration>,
    ) -> Result<EventId, AppendError> {
        let context = EventContext { delay, ..self.context(Some(due_at)) };
        let staged = Staged::new(&self.origin.service, event, sequence, context)?;
        let id = staged.event_id();
        self.scheduled.push(staged);
        Ok(id)
    }

    /// Cancels an event that is not due yet, if this transaction commits; returns whether there was one to cancel.
    ///
    /// `false` means that it is being published, or was cancelled before.
    ///
    /// # Errors
    /// Database errors.
    pub async fn cancel_scheduled(&mut self, event: EventId) -> Result<bool, sqlx::Error> {
        let before = self.scheduled.len();
        self.scheduled.retain(|staged| staged.event_id() != event);
        if self.scheduled.len() < before {
            return Ok(true);
        }
        outbox::cancel(&mut self.connection, event.0).await
    }

    /// Runs `work` inside a savepoint. If it fails, its changes are undone, including its events, and the transaction
    /// goes on.
    ///
    /// A database error aborts a PostgreSQL transaction even if the program ignores it; use this to ignore one. The
    /// outer error is that of the savepoint itself; after it the transaction can't go on.
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
    /// Database errors, if the savepoint could not be created, released or rolled back.
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

    /// Runs `action` right after the commit: for notifications such as a push to sockets, never for what must happen.
    pub fn after_commit(&mut self, action: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(action));
    }

    /// Inserts the events, commits, wakes the relay, and runs the deferred actions.
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
            // As late as possible: only transactions that get here take ids and touch the index.
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
        for action in self.after_commit {
            // The transaction is committed: a panic of an action must not look like a failed commit.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(action)) {
                let message = panics::message(panic);
                error!(error = message, "an action after a commit panicked: {message}");
            }
        }
        Ok(())
    }

    /// Rolls back now; dropping the transaction rolls back too, but later.
    ///
    /// # Errors
    /// Database errors.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.connection.rollback().await
    }

    fn stage<E: Event>(&mut self, event: &E, sequence: i64, context: EventContext) -> Result<EventId, AppendError> {
        let staged = Staged::new(&self.origin.service, event, sequence, context)?;
        let id = staged.event_id();
        self.staged.push(staged);
        Ok(id)
    }

    fn context(&self, due_at: Option<OffsetDateTime>) -> EventContext {
        let current = self.origin.tracing.current();
        let traceparent = current.or_else(|| self.cause.as_ref()?.traceparent.clone());
        EventContext { cause: self.cause.clone(), traceparent, due_at, delay: None, headers: Headers::new() }
    }

    /// Events appended from now on have `cause` as their cause.
    pub(crate) fn caused_by(&mut self, cause: Option<Cause>) {
        self.cause = cause;
    }
}

/// Commits a transaction whose last statement may have failed.
///
/// PostgreSQL answers `ROLLBACK` to the `COMMIT` of an aborted transaction, which the client library takes for success.
/// Any other statement fails in an aborted transaction; inserting events is one, and the savepoint here is one. It also
/// fails if the transaction was already ended by a statement.
///
/// Both statements take one round trip. The client library does not notice that this commits: when it returns the
/// connection to the pool, it rolls back what it believes to be the same transaction. That is the empty one that `and
/// chain` begins.
async fn commit_checked(mut connection: sqlx::Transaction<'static, Postgres>) -> Result<(), sqlx::Error> {
    let commit = sqlx::raw_sql("savepoint rabbit_outbox_commit; commit and chain");
    connection.execute(commit).await.map(drop)
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
