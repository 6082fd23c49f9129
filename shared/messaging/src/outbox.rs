//! Rows of the outbox: staged in memory, inserted together right before the commit.

use crate::lane;
use event::EventId;
use event::envelope::{CONTENT_TYPE, Envelope, SPEC_VERSION};
use event::{Event, producer};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Largest event, in bytes: far below what RabbitMQ takes, so that a message can never close the channel.
pub(crate) const EVENT_BYTES_MAX: usize = 256 * 1024;

/// Why an event can't be published at all.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Its JSON could not be written.
    #[error("write event `{event}` as JSON")]
    Serialize {
        /// The wire type.
        event: &'static str,
        /// What went wrong.
        source: serde_json::Error,
    },
    /// It is larger than 256 KiB.
    #[error("event `{event}` has {bytes} bytes, more than {EVENT_BYTES_MAX}")]
    TooLarge {
        /// The wire type.
        event: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// It belongs to another service, whose exchange this one may not write to.
    #[error("event `{event}` belongs to another service than `{service}`")]
    Foreign {
        /// The wire type.
        event: &'static str,
        /// The service that tried.
        service: String,
    },
}

/// What led to an event: the delivery during which it was appended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    pub(crate) event_id: EventId,
    pub(crate) correlation_id: EventId,
}

/// An event that will be inserted with the commit.
#[derive(Debug)]
pub(crate) struct Staged {
    event_id: Uuid,
    wire_type: &'static str,
    ordering_key: String,
    sequence: i64,
    correlation_id: Uuid,
    traceparent: Option<String>,
    occurred_at: OffsetDateTime,
    payload: Vec<u8>,
}

impl Staged {
    pub(crate) fn new<E: Event>(
        service: &str,
        event: &E,
        sequence: i64,
        cause: Option<Cause>,
    ) -> Result<Self, AppendError> {
        if producer(E::TYPE) != service {
            return Err(AppendError::Foreign { event: E::TYPE, service: service.to_owned() });
        }
        let id = EventId(Uuid::now_v7());
        let ordering_key = event.ordering_key();
        let correlation_id = cause.map_or(id, |cause| cause.correlation_id);
        let traceparent = trace::current().map(|context| context.to_string());
        let occurred_at = OffsetDateTime::now_utc();
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
            ordering_key,
            sequence,
            correlation_id: correlation_id.0,
            traceparent,
            occurred_at,
            payload,
        })
    }

    pub(crate) fn event_id(&self) -> EventId {
        EventId(self.event_id)
    }
}

/// Inserts all staged events in one statement, in the order in which they were appended.
pub(crate) async fn insert(connection: &mut PgConnection, staged: Vec<Staged>) -> Result<(), sqlx::Error> {
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
    for event in staged {
        lanes.push(lane::of(&event.ordering_key));
        event_ids.push(event.event_id);
        exchanges.push(producer(event.wire_type));
        routing_keys.push(event.wire_type);
        ordering_keys.push(event.ordering_key);
        sequences.push(event.sequence);
        correlation_ids.push(event.correlation_id);
        traceparents.push(event.traceparent);
        payloads.push(event.payload);
        times.push(event.occurred_at);
    }
    sqlx::query(include_str!("sql/append.sql"))
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
        .execute(connection)
        .await
        .map(drop)
}
