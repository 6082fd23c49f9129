//! A dead letter as it is stored.

use super::filter::Position;
use super::words::{Direction, State, UnknownWord};
use crate::propagation::trace_id;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::str::FromStr;
use time::OffsetDateTime;
use uuid::Uuid;

/// A dead letter without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Its direction.
    pub direction: Direction,
    /// The event's id; for a message that is not an event, an id derived from its bytes.
    pub event_id: Uuid,
    /// The wire type, or the type that the message claims.
    pub event_type: String,
    /// The ordering key.
    pub ordering_key: Option<String>,
    /// Why the event was dead-lettered, in readable form.
    pub reason: String,
    /// Deliveries that failed, including those after replays.
    pub attempts: i32,
    /// The first event of the causal chain.
    pub correlation_id: Option<Uuid>,
    /// W3C trace context of the code that appended the event.
    pub traceparent: Option<String>,
    /// When the event was appended.
    pub occurred_at: Option<OffsetDateTime>,
    /// When it failed first, since it was last published.
    pub first_failed_at: Option<OffsetDateTime>,
    /// When it was dead-lettered.
    pub failed_at: OffsetDateTime,
    /// Its state.
    pub state: State,
    /// When it was settled.
    pub settled_at: Option<OffsetDateTime>,
}

/// The contents of a dead letter, and the destination of an outgoing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Media type of the payload.
    pub content_type: String,
    /// The bytes, unchanged.
    pub payload: Vec<u8>,
    /// The exchange of an outgoing one.
    pub exchange: Option<String>,
    /// Its routing key.
    pub routing_key: Option<String>,
}

impl DeadLetter {
    /// The trace id of the event, as in the logs.
    pub fn trace_id(&self) -> Option<String> {
        trace_id(self.traceparent.as_deref()?).map(str::to_owned)
    }

    /// Its position in the list of dead letters.
    pub fn position(&self) -> Position {
        Position { failed_at: self.failed_at, event_id: self.event_id, direction: self.direction }
    }

    pub(super) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            direction: word(row, "direction")?,
            event_id: row.try_get("event_id")?,
            event_type: row.try_get("event_type")?,
            ordering_key: row.try_get("ordering_key")?,
            reason: row.try_get("reason")?,
            attempts: row.try_get("attempts")?,
            correlation_id: row.try_get("correlation_id")?,
            traceparent: row.try_get("traceparent")?,
            occurred_at: row.try_get("occurred_at")?,
            first_failed_at: row.try_get("first_failed_at")?,
            failed_at: row.try_get("failed_at")?,
            state: word(row, "state")?,
            settled_at: row.try_get("settled_at")?,
        })
    }
}

/// Reads a column that holds one of a few words.
pub(super) fn word<T>(row: &PgRow, column: &str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err = UnknownWord>,
{
    let text: String = row.try_get(column)?;
    text.parse().map_err(|unknown: UnknownWord| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: Box::new(unknown),
    })
}
