//! Rows of the outbox: staged in memory, inserted together right before the commit.

use crate::headers::Headers;
use crate::lane;
use rabbit_outbox_event::envelope::{CONTENT_TYPE, Envelope, SPEC_VERSION};
use rabbit_outbox_event::{Event, EventId, Undeliverable, producer};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgConnection, Postgres};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::{ContextV7, Timestamp, Uuid};

/// Maximum size of an event, in bytes: far below RabbitMQ's limit, so that a message never closes the channel.
pub(crate) const EVENT_BYTES_MAX: usize = 256 * 1024;

/// Maximum length of an ordering key, in bytes: it is indexed, and PostgreSQL limits index entries to a third of a
/// page.
const KEY_BYTES_MAX: usize = 1_024;

/// Maximum length of a wire type, in bytes: it is the routing key of the message. Source: AMQP 0-9-1, short string.
pub(crate) const TYPE_BYTES_MAX: usize = 255;

/// Why an event can't be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Serializing it to JSON failed.
    #[error("write event `{event}` as JSON")]
    Serialize {
        /// The wire type.
        event: &'static str,
        /// The cause.
        source: serde_json::Error,
    },
    /// Its wire type is longer than 255 bytes, so it can't be a routing key.
    #[error("the wire type `{event}` has {bytes} bytes, more than {TYPE_BYTES_MAX}", bytes = event.len())]
    Type {
        /// The wire type.
        event: &'static str,
    },
    /// It is larger than 256 KiB.
    #[error("event `{event}` has {bytes} bytes, more than {EVENT_BYTES_MAX}")]
    TooLarge {
        /// The wire type.
        event: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// It belongs to another service, and this one may not write to that service's exchange.
    #[error("event `{event}` belongs to another service than `{service}`")]
    Foreign {
        /// The wire type.
        event: &'static str,
        /// The service that tried to publish it.
        service: String,
    },
    /// Its due time is before 1970 or after the year 9999.
    #[error("event `{event}` is due before 1970 or after 9999")]
    Due {
        /// The wire type.
        event: &'static str,
    },
    /// Its ordering key is longer than 1 KiB, or contains a NUL, which PostgreSQL does not store.
    #[error("the ordering key of event `{event}` has {bytes} bytes: it may have {KEY_BYTES_MAX}, without a NUL")]
    Key {
        /// The wire type.
        event: &'static str,
        /// The key's size.
        bytes: usize,
    },
    /// Its headers are not valid.
    #[error("headers of event `{event}`: {objection}")]
    Headers {
        /// The wire type.
        event: &'static str,
        /// What is wrong with them.
        objection: String,
    },
}

/// The cause of an event: the delivery during which it was appended.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    pub(crate) event_id: EventId,
    pub(crate) correlation_id: EventId,
    /// W3C trace context of the attempt to handle it.
    pub(crate) traceparent: Option<String>,
}

/// When and why an event is made.
#[derive(Default)]
pub(crate) struct EventContext {
    pub(crate) cause: Option<Cause>,
    pub(crate) traceparent: Option<String>,
    /// When to publish it, if not at once. Its id and its time are of that moment.
    pub(crate) due_at: Option<OffsetDateTime>,
    /// Time between the commit and `due_at`, if the event is scheduled relative to now: then the database's clock counts,
    /// because the relay compares with that one. The application's clock may differ.
    pub(crate) delay: Option<Duration>,
    pub(crate) headers: Headers,
}

/// An event to insert with the commit.
#[derive(Debug)]
pub(crate) struct Staged {
    event_id: Uuid,
    wire_type: &'static str,
    lane: i16,
    ordering_key: String,
    sequence: i64,
    correlation_id: Uuid,
    traceparent: Option<String>,
    occurred_at: OffsetDateTime,
    delay: Option<Duration>,
    payload: Vec<u8>,
    hold_key: bool,
    allow_unrouted: bool,
    headers: Option<String>,
}

impl Staged {
    pub(crate) fn new<E: Event>(
        service: &str,
        event: &E,
        sequence: i64,
        context: EventContext,
    ) -> Result<Self, AppendError> {
        if producer(E::TYPE) != service {
            return Err(AppendError::Foreign { event: E::TYPE, service: service.to_owned() });
        }
        if E::TYPE.len() > TYPE_BYTES_MAX {
            return Err(AppendError::Type { event: E::TYPE });
        }
        let EventContext { cause, traceparent, due_at, delay, headers } = context;
        if let Some(objection) = headers.objection() {
            return Err(AppendError::Headers { event: E::TYPE, objection });
        }
        let id = EventId(match due_at {
            None => Uuid::now_v7(),
            Some(due_at) => id_of(due_at).ok_or(AppendError::Due { event: E::TYPE })?,
        });
        let ordering_key = event.ordering_key();
        if ordering_key.len() > KEY_BYTES_MAX || ordering_key.contains('\0') {
            return Err(AppendError::Key { event: E::TYPE, bytes: ordering_key.len() });
        }
        let correlation_id = cause.as_ref().map_or(id, |cause| cause.correlation_id);
        let occurred_at = due_at.unwrap_or_else(OffsetDateTime::now_utc);
        let envelope = Envelope {
            specversion: SPEC_VERSION.to_owned(),
            id,
            source: format!("/{service}"),
            wire_type: E::TYPE.to_owned(),
            subject: ordering_key.clone(),
            time: occurred_at,
            datacontenttype: "application/json".to_owned(),
            sequence: sequence.to_string(),
            partitionkey: ordering_key.clone(),
            correlationid: correlation_id,
            causationid: cause.map(|cause| cause.event_id),
            traceparent: traceparent.clone(),
            data: event,
        };
        let payload =
            serde_json::to_vec(&envelope).map_err(|source| AppendError::Serialize { event: E::TYPE, source })?;
        if payload.len() > EVENT_BYTES_MAX {
            return Err(AppendError::TooLarge { event: E::TYPE, bytes: payload.len() });
        }
        Ok(Self {
            event_id: id.0,
            wire_type: E::TYPE,
            lane: lane::of(&ordering_key),
            ordering_key,
            sequence,
            correlation_id: correlation_id.0,
            traceparent,
            occurred_at,
            delay,
            payload,
            hold_key: E::UNDELIVERABLE == Undeliverable::ParkKey,
            allow_unrouted: E::ALLOW_UNROUTED,
            headers: headers.to_json(),
        })
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId(self.event_id)
    }

    pub(crate) fn lane(&self) -> i16 {
        self.lane
    }
}

/// An id whose timestamp is `due_at`.
fn id_of(due_at: OffsetDateTime) -> Option<Uuid> {
    let seconds = u64::try_from(due_at.unix_timestamp()).ok()?;
    let timestamp = Timestamp::from_unix(ContextV7::new(), seconds, due_at.nanosecond());
    Some(Uuid::new_v7(timestamp))
}

/// Inserts all staged events in one statement, in the order in which they were appended.
pub(crate) async fn insert(connection: &mut PgConnection, staged: Vec<Staged>) -> Result<(), sqlx::Error> {
    write(sqlx::query(include_str!("sql/append.sql")), staged).execute(connection).await.map(drop)
}

/// Same, into the outbox of another schema than the first one of the connection's search path.
pub(crate) async fn insert_into(
    connection: &mut PgConnection,
    schema: &str,
    staged: Vec<Staged>,
) -> Result<(), sqlx::Error> {
    let schema = schema.replace('"', "\"\"");
    let statement =
        include_str!("sql/append.sql").replacen("insert into outbox", &format!("insert into \"{schema}\".outbox"), 1);
    // The name is quoted.
    write(sqlx::query(AssertSqlSafe(statement)), staged).execute(connection).await.map(drop)
}

/// Inserts scheduled events; their `occurred_at` is their due time, unless it is counted by the database's clock.
pub(crate) async fn schedule(connection: &mut PgConnection, staged: Vec<Staged>) -> Result<(), sqlx::Error> {
    let delays: Vec<Option<f64>> = staged.iter().map(|event| Some(event.delay?.as_secs_f64())).collect();
    let query = write(sqlx::query(include_str!("sql/schedule.sql")), staged);
    query.bind(delays).execute(connection).await.map(drop)
}

/// Deletes an event that is not due yet; returns whether there was one.
pub(crate) async fn cancel(connection: &mut PgConnection, event_id: Uuid) -> Result<bool, sqlx::Error> {
    let cancelled =
        sqlx::query("delete from outbox_scheduled where event_id = $1").bind(event_id).execute(connection).await?;
    Ok(cancelled.rows_affected() > 0)
}

/// Binds the columns of all rows, each column as one array.
fn write(query: Query<'static, Postgres, PgArguments>, staged: Vec<Staged>) -> Query<'static, Postgres, PgArguments> {
    let count = staged.len();
    let mut lanes = Vec::with_capacity(count);
    let mut event_ids = Vec::with_capacity(count);
    let mut exchanges = Vec::with_capacity(count);
    let mut routing_keys = Vec::with_capacity(count);
    let mut ordering_keys = Vec::with_capacity(count);
    let mut sequences = Vec::with_capacity(count);
    let mut correlation_ids = Vec::with_capacity(count);
    let mut traceparents = Vec::with_capacity(count);
    let mut payloads = Vec::with_capacity(count);
    let mut times = Vec::with_capacity(count);
    let mut hold_keys = Vec::with_capacity(count);
    let mut allow_unrouted = Vec::with_capacity(count);
    let mut headers = Vec::with_capacity(count);
    for event in staged {
        lanes.push(event.lane);
        event_ids.push(event.event_id);
        exchanges.push(producer(event.wire_type));
        routing_keys.push(event.wire_type);
        ordering_keys.push(event.ordering_key);
        sequences.push(event.sequence);
        correlation_ids.push(event.correlation_id);
        traceparents.push(event.traceparent);
        payloads.push(event.payload);
        times.push(event.occurred_at);
        hold_keys.push(event.hold_key);
        allow_unrouted.push(event.allow_unrouted);
        headers.push(event.headers);
    }
    query
        .bind(lanes)
        .bind(event_ids)
        .bind(exchanges)
        .bind(routing_keys)
        .bind(ordering_keys)
        .bind(sequences)
        .bind(correlation_ids)
        .bind(traceparents)
        .bind(payloads)
        .bind(times)
        .bind(CONTENT_TYPE)
        .bind(hold_keys)
        .bind(allow_unrouted)
        .bind(headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_id_of_a_scheduled_event_is_of_the_day_on_which_it_is_due() {
        let due_at = datetime!(2031-02-03 04:05:06.789 UTC);
        let id = id_of(due_at).unwrap();
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanoseconds) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanoseconds / 1_000_000), (due_at.unix_timestamp().unsigned_abs(), 789));
        assert_ne!(id, id_of(due_at).unwrap());
        assert_eq!(id_of(datetime!(1969-12-31 23:00 UTC)), None);
    }
}
