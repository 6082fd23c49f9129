//! Events in a transaction that somebody else began.

use crate::headers::Headers;
use crate::outbox::{self, AppendError, Circumstances, Staged};
use crate::relay::wake::Occasions;
use crate::service::Messaging;
use crate::transaction::Origin;
use rabbit_outbox_event::{Event, EventId};
use sqlx::PgConnection;

/// Events that will be written into a transaction of the caller's, which may be of another pool.
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

/// Events that are published once the caller's transaction has committed.
pub struct Inserted {
    origin: Origin,
    occasions: Occasions,
}

impl Messaging {
    /// Appends events to a transaction that is open already.
    pub fn appender(&self) -> Appender {
        Appender { origin: self.origin.clone(), schema: None, staged: vec![] }
    }
}

impl Appender {
    /// The outbox is in this schema: for a connection with another search path.
    pub fn in_schema(mut self, schema: &str) -> Self {
        self.schema = Some(schema.to_owned());
        self
    }

    /// As [`Transaction::append`](crate::Transaction::append).
    ///
    /// # Errors
    /// As there.
    pub fn append<E: Event>(&mut self, event: &E, sequence: i64) -> Result<EventId, AppendError> {
        self.append_with(event, sequence, Headers::new())
    }

    /// As [`Transaction::append_with`](crate::Transaction::append_with).
    ///
    /// # Errors
    /// As there.
    pub fn append_with<E: Event>(
        &mut self,
        event: &E,
        sequence: i64,
        headers: Headers,
    ) -> Result<EventId, AppendError> {
        let traceparent = self.origin.tracing.current();
        let circumstances = Circumstances { traceparent, headers, ..Circumstances::default() };
        let staged = Staged::new(&self.origin.service, event, sequence, circumstances)?;
        let id = staged.event_id();
        self.staged.push(staged);
        Ok(id)
    }

    /// Inserts the events; they are published if and when the transaction of this connection commits.
    ///
    /// # Errors
    /// The database's.
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
    /// Wakes the relay of this process, now that the transaction has committed.
    pub fn committed(self) {
        self.origin.wake.committed(self.occasions);
    }
}
