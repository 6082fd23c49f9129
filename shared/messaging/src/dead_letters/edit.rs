//! Correcting the contents of a dead letter and publishing them as a new event.

use super::letter::word;
use super::{ActionKind, DeadLetters, Direction, SettleError, State};
use crate::begin::begin;
use crate::lane::{self, LANES};
use crate::outbox::EVENT_BYTES_MAX;
use crate::relay::wake::Occasions;
use rabbit_outbox_event::EventId;
use rabbit_outbox_event::envelope::{CONTENT_TYPE, Envelope};
use serde_json::Value;
use serde_json::value::RawValue;
use time::OffsetDateTime;
use uuid::Uuid;

/// Why a dead letter was not replaced.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// It does not exist, or was already settled.
    #[error(transparent)]
    Settle(#[from] SettleError),
    /// It contains no event of this crate, so there are no fields to edit.
    #[error("the dead letter contains no event in an envelope")]
    NoEvent(#[source] serde_json::Error),
    /// The new event is too large, or can't be written.
    #[error("the new event can't be published: {0}")]
    Event(String),
}

impl From<sqlx::Error> for EditError {
    fn from(failure: sqlx::Error) -> Self {
        Self::Settle(SettleError::Database(failure))
    }
}

impl DeadLetters {
    /// Publishes a new event with `data` in place of an open dead letter, and settles the dead letter.
    ///
    /// The new event has its own id and time, the same type, key and sequence, and the old event as its cause. It goes
    /// where a replay would go: an incoming one to this service's own inbox, an outgoing one to its exchange. If the
    /// old event was handled after all, the new one is handled in addition.
    ///
    /// # Errors
    /// [`EditError`].
    pub async fn replace(&self, direction: Direction, event_id: Uuid, data: &Value) -> Result<EventId, EditError> {
        let mut tx = begin(&self.pool).await?;
        let found: Option<(State, Vec<u8>)> =
            sqlx::query("select state, payload from dead_letters where direction = $1 and event_id = $2 for update")
                .bind(direction.word())
                .bind(event_id)
                .try_map(|row| Ok((word(&row, "state")?, sqlx::Row::try_get(&row, "payload")?)))
                .fetch_optional(&mut *tx)
                .await?;
        let payload = match found {
            None => return Err(SettleError::NotFound { direction, event_id }.into()),
            Some((state @ (State::Replayed | State::Discarded), _)) => return Err(SettleError::Settled(state).into()),
            Some((State::Open, payload)) => payload,
        };
        let old: Envelope<Box<RawValue>> = serde_json::from_slice(&payload).map_err(EditError::NoEvent)?;
        let new_id = EventId(Uuid::now_v7());
        let key = old.partitionkey.clone();
        let sequence: i64 = old.sequence.parse().unwrap_or(0);
        let (correlation_id, traceparent, wire_type) =
            (old.correlationid, old.traceparent.clone(), old.wire_type.clone());
        let now = OffsetDateTime::now_utc();
        let new = Envelope {
            specversion: old.specversion,
            id: new_id,
            source: old.source,
            wire_type: old.wire_type,
            subject: old.subject,
            time: now,
            datacontenttype: old.datacontenttype,
            sequence: old.sequence,
            partitionkey: old.partitionkey,
            correlationid: old.correlationid,
            causationid: Some(old.id),
            traceparent: old.traceparent,
            data,
        };
        let payload = serde_json::to_vec(&new).map_err(|failure| EditError::Event(failure.to_string()))?;
        if payload.len() > EVENT_BYTES_MAX {
            return Err(EditError::Event(format!("{} bytes are more than {EVENT_BYTES_MAX}", payload.len())));
        }
        let service = &self.origin.service;
        sqlx::query(include_str!("../sql/replace.sql"))
            .bind(direction.word())
            .bind(event_id)
            .bind(format!("{service}.return"))
            .bind(format!("{service}.inbox"))
            .bind(new_id.0)
            .bind(lane::of(&key))
            .bind(key)
            .bind(sequence)
            .bind(correlation_id.0)
            .bind(traceparent)
            .bind(CONTENT_TYPE)
            .bind(payload)
            .bind(now)
            .bind(wire_type)
            .execute(&mut *tx)
            .await?;
        self.record(&mut tx, ActionKind::Replaced, &[direction.word()], &[event_id]).await?;
        tx.commit().await?;
        self.log(ActionKind::Replaced, &[event_id]);
        self.origin.wake.committed(Occasions::of_lanes(0..LANES));
        Ok(new_id)
    }
}
