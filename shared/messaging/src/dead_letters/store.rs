//! Storing a dead letter.

use super::arrival::Arrival;
use crate::lane;
use sqlx::PgPool;
use time::OffsetDateTime;

/// Inserts a dead letter, or opens the existing one of the same event again.
///
/// A dead letter that is delivered twice because its acknowledgement was lost has the same time of failure and changes
/// nothing: it stays settled if it was settled in between.
pub(super) async fn store(pool: &PgPool, arrival: &Arrival, payload: &[u8]) -> Result<(), sqlx::Error> {
    let id = arrival.event_id.to_string();
    let key = arrival.ordering_key.as_deref().unwrap_or(&id);
    let history = &arrival.history;
    sqlx::query(include_str!("../sql/store_dead_letter.sql"))
        .bind(arrival.event_id)
        .bind(&arrival.event_type)
        .bind(arrival.ordering_key.as_deref())
        .bind(history.last_error.as_deref().unwrap_or("no reason was given").replace('\0', ""))
        .bind(i32::try_from(history.attempts.max(1)).unwrap_or(i32::MAX))
        .bind(arrival.correlation_id)
        .bind(arrival.traceparent.as_deref())
        .bind(&arrival.content_type)
        .bind(payload)
        .bind(lane::of(key))
        .bind(arrival.sequence)
        .bind(arrival.occurred_at)
        .bind(history.first_failed_at)
        .bind(history.failed_at.unwrap_or_else(OffsetDateTime::now_utc))
        .bind(arrival.headers.as_deref())
        .execute(pool)
        .await
        .map(drop)
}
