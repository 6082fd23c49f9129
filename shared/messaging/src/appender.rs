//! Appending events to a transaction that the caller began.

use crate::headers::Headers;
use crate::outbox::{self, AppendError, EventContext, Staged};
use crate::relay::wake::Occasions;
use crate::service::Messaging;
use crate::transaction::Origin;
use rabbit_outbox_event::{Event, EventId};
use sqlx::PgConnection;

/// Events to insert into a transaction of the caller, which may come from another pool.
///
/// ```no_run
/// # async fn example(
/// #     messaging: &rabbit_outbox::Messaging, pool: &sqlx::PgPool, event: &impl rabbit_outbox::Event,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let mut tx = pool.begin().await?; // or one that a framework handed out
/// let mut events = messaging.appender();
/// events.append(event, 1)?;
/// let inserted = events.insert(&mut tx).await?;
/// tx.commit().await?;
/// inserted.committed(); // wakes the relay; without it, its poll finds them within a second
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is published before `insert`"]
pub struct Appender {
    origin: Origin,
    schema: Option<String>,
    staged: Vec<Staged>,
}

/// Inserted events. They are published once the caller's transaction has committed.
pub struct Inserted {
    origin: Origin,
    occasions: Occasions,
}

impl Messaging {
    /// Collects events for a transaction that is already open.
    pub fn appender(&self) -> Appender {
        Appender { origin: self.origin.clone(), schema: None, staged: vec![] }
    }
}

impl Appender {
    /// The schema of the outbox, for a connection with another search path.
    pub fn in_schema(mut self, schema: &str) -> Self {
        self.schema = Some(schema.to_owned());
        self
    }

    /// Same as [`Transaction::append`](crate::Transaction::append).
    ///
    /// # Errors
    /// Same as [`Transaction::append`](crate::Transaction::append).
    pub fn append<E: Event>(&mut self, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        self.append_with(event, sequence, Headers::new())
    }

    /// Same as [`Transaction::append_with`](crate::Transaction::append_with).
    ///
    /// # Errors
    /// Same as [`Transaction::append_with`](crate::Transaction::append_with).
    pub fn append_with<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        headers: Headers,
    ) -> Result<EventId, AppendError> {
        let traceparent = self.origin.tracing.current();
        let context = EventContext { traceparent, headers, ..EventContext::default() };
        let staged = Staged::new(&self.origin.service, event, sequence, context)?;
        let id = staged.event_id();
        self.staged.push(staged);
        Ok(id)
    }

    /// Inserts the events. They are published if the transaction of this connection commits.
    ///
    /// # Errors
    /// Database errors.
    pub async fn insert(self, connection: &mut PgConnection) -> Result<Inserted, sqlx::Error> {
        let occasions = Occasions::of_lanes(self.staged.iter().map(Staged::lane));
        match &self.schema {
            _ if self.staged.is_empty() => {}
            Some(schema) => outbox::insert_into(connection, schema, self.staged).await?,
            None => outbox::insert(connection, self.staged).await?,
        }
        Ok(Inserted { origin: self.origin, occasions })
    }
}

impl Inserted {
    /// Wakes the relay of this process after the commit.
    pub fn committed(self) {
        self.origin.wake.committed(self.occasions);
    }
}
