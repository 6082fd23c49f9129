//! A dead letter as it is kept.

use super::Position;
use crate::propagation::trace_id;
use sqlx::Row;
use sqlx::postgres::PgRow;
use std::fmt;
use std::str::FromStr;
use time::OffsetDateTime;
use uuid::Uuid;

/// Which way an event was going.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// To this service, which could not handle it.
    Incoming,
    /// From this service; it could not be delivered.
    Outgoing,
}

/// What was decided about a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing yet.
    Open,
    /// It was sent on its way again. Should it fail again, it is open again.
    Replayed,
    /// Nobody needs it.
    Discarded,
}

/// The word is none of those that are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of {1}")]
pub struct UnknownWord(String, &'static str);

/// A dead letter without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Which way it was going.
    pub direction: Direction,
    /// The event's id; of a message that is no event, an id derived from its bytes.
    pub event_id: Uuid,
    /// The wire type, or what the message called itself.
    pub event_type: String,
    /// What the event is about.
    pub ordering_key: Option<String>,
    /// Why it was given up, for people.
    pub reason: String,
    /// Deliveries that failed, those after replays included.
    pub attempts: i32,
    /// The first event of the chain that led here.
    pub correlation_id: Option<Uuid>,
    /// W3C trace context of whoever appended the event.
    pub traceparent: Option<String>,
    /// When it was appended.
    pub occurred_at: Option<OffsetDateTime>,
    /// When it failed first, since it was last sent on its way.
    pub first_failed_at: Option<OffsetDateTime>,
    /// When it was given up.
    pub failed_at: OffsetDateTime,
    /// What was decided.
    pub state: State,
    /// When that was.
    pub settled_at: Option<OffsetDateTime>,
}

/// What a dead letter says, and where an outgoing one was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// Media type of the payload.
    pub content_type: String,
    /// The bytes, unchanged.
    pub payload: Vec<u8>,
    /// Where an outgoing one was to go.
    pub exchange: Option<String>,
    /// By which key.
    pub routing_key: Option<String>,
}

impl Letter {
    /// The id that all logs of its trace share.
    pub fn trace_id(&self) -> Option<String> {
        trace_id(self.traceparent.as_deref()?).map(str::to_owned)
    }

    /// Its place in the list of letters.
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

impl Direction {
    /// The word for it, in the table and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }
}

impl State {
    /// The word for it, in the table and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
        }
    }
}

impl FromStr for Direction {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "incoming" => Ok(Self::Incoming),
            "outgoing" => Ok(Self::Outgoing),
            _ => Err(UnknownWord(text.to_owned(), "incoming, outgoing")),
        }
    }
}

impl FromStr for State {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "open" => Ok(Self::Open),
            "replayed" => Ok(Self::Replayed),
            "discarded" => Ok(Self::Discarded),
            _ => Err(UnknownWord(text.to_owned(), "open, replayed, discarded")),
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
