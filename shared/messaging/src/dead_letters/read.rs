//! Reading dead letters.

use super::filter::{CONDITIONS, bind_filter};
use super::letter::word;
use super::{Body, DeadLetter, DeadLetters, Direction, Filter, Position};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

/// Columns of a [`DeadLetter`].
const COLUMNS: &str = "direction, event_id, event_type, ordering_key, reason, attempts, correlation_id, traceparent, \
     occurred_at, first_failed_at, failed_at, state, settled_at";

/// The number of open dead letters of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Their direction.
    pub direction: Direction,
    /// Their wire type.
    pub event_type: String,
    /// Their number.
    pub open: i64,
}

impl DeadLetters {
    /// The dead letters that match `filter`, newest first, at most `limit`, starting after `after` if it is given.
    ///
    /// # Errors
    /// Database errors.
    pub async fn list(
        &self,
        filter: &Filter,
        after: Option<Position>,
        limit: u16,
    ) -> Result<Vec<DeadLetter>, sqlx::Error> {
        let statement = format!(
            "select {COLUMNS} from dead_letters where {CONDITIONS} \
             and ($7::timestamptz is null or (failed_at, event_id, direction) < ($7, $8, $9)) \
             order by failed_at desc, event_id desc, direction desc limit $10"
        );
        bind_filter!(sqlx::query(AssertSqlSafe(statement)), filter)
            .bind(after.map(|position| position.failed_at))
            .bind(after.map(|position| position.event_id))
            .bind(after.map(|position| position.direction.word()))
            .bind(i64::from(limit))
            .try_map(|row| DeadLetter::read(&row))
            .fetch_all(&self.pool)
            .await
    }

    /// One dead letter with its contents, if it exists.
    ///
    /// # Errors
    /// Database errors.
    pub async fn show(&self, direction: Direction, event_id: Uuid) -> Result<Option<(DeadLetter, Body)>, sqlx::Error> {
        let statement = format!(
            "select {COLUMNS}, content_type, payload, exchange, routing_key from dead_letters \
             where direction = $1 and event_id = $2"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(direction.word())
            .bind(event_id)
            .try_map(|row| {
                let body = Body {
                    content_type: row.try_get("content_type")?,
                    payload: row.try_get("payload")?,
                    exchange: row.try_get("exchange")?,
                    routing_key: row.try_get("routing_key")?,
                };
                Ok((DeadLetter::read(&row)?, body))
            })
            .fetch_optional(&self.pool)
            .await
    }

    /// The number of open dead letters, by direction and type.
    ///
    /// # Errors
    /// Database errors.
    pub async fn count(&self) -> Result<Vec<Count>, sqlx::Error> {
        sqlx::query(
            "select direction, event_type, count(*) as open from dead_letters where state = 'open' \
             group by direction, event_type order by direction, event_type",
        )
        .try_map(|row| {
            Ok(Count {
                direction: word(&row, "direction")?,
                event_type: row.try_get("event_type")?,
                open: row.try_get("open")?,
            })
        })
        .fetch_all(&self.pool)
        .await
    }
}
