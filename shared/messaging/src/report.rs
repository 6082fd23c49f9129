//! The state of a service's messaging, for operators.

use crate::consumer::breaker::State as BreakerState;
use crate::dead_letters::Count;
use crate::lane::{self, LANES};
use crate::service::Messaging;
use sqlx::Row;
use std::time::Duration;

/// Rows are counted up to this number.
pub const COUNT_MAX: i64 = 10_000;

/// The state of one service's messaging.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// All lanes, from 0.
    pub lanes: Vec<Lane>,
    /// Scheduled events that are not due yet, at most [`COUNT_MAX`].
    pub scheduled: i64,
    /// Open dead letters by direction and type.
    pub dead_letters: Vec<Count>,
    /// The inbox's days.
    pub inbox_partitions: i64,
    /// Whether this process consumes.
    pub breaker: Breaker,
}

/// The state of one lane of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its number.
    pub lane: i16,
    /// Events ready to be published, at most [`COUNT_MAX`].
    pub unsent: i64,
    /// Events that failed and wait for another attempt, at most [`COUNT_MAX`].
    pub waiting: i64,
    /// Age of the oldest event that is ready to be published, in seconds.
    pub oldest_age_secs: Option<f64>,
    /// Whether a relay of any replica owns it.
    pub owned: bool,
}

/// Whether a process consumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// It consumes.
    Closed,
    /// It is paused, for this reason.
    Open(String),
    /// It tests with one event whether handlers work again.
    HalfOpen,
}

impl Messaging {
    /// Reads the tables and the state of this process.
    ///
    /// # Errors
    /// Database errors.
    pub async fn report(&self) -> Result<Report, sqlx::Error> {
        let (scheduled, inbox_partitions, schema): (i64, i64, Option<String>) = sqlx::query_as(
            "select (select count(*) from (select from outbox_scheduled limit $1) as counted), \
             (select count(*) from pg_inherits where inhparent = 'inbox'::regclass), current_schema()::text",
        )
        .bind(COUNT_MAX)
        .fetch_one(&self.pool)
        .await?;
        let lock_class = lane::lock_class(schema.as_deref().unwrap_or_default());
        let lanes = sqlx::query(include_str!("sql/report.sql"))
            .bind(COUNT_MAX)
            .bind(i64::from(lock_class))
            .bind(i32::from(LANES) - 1)
            .try_map(|row: sqlx::postgres::PgRow| {
                Ok(Lane {
                    lane: row.try_get("lane")?,
                    unsent: row.try_get("unsent")?,
                    waiting: row.try_get("waiting")?,
                    oldest_age_secs: row.try_get("oldest_age_secs")?,
                    owned: row.try_get("owned")?,
                })
            })
            .fetch_all(&self.pool)
            .await?;
        let breaker = match self.breaker.state() {
            BreakerState::Closed => Breaker::Closed,
            BreakerState::Open(outage) => Breaker::Open(outage.why),
            BreakerState::HalfOpen => Breaker::HalfOpen,
        };
        Ok(Report { lanes, scheduled, dead_letters: self.dead_letters().count().await?, inbox_partitions, breaker })
    }

    /// Whether an event has been in the outbox for longer than `limit`: the broker is away, or a route takes nothing.
    ///
    /// A task that publishes again what got no answer should wait meanwhile, because it would only add to the backlog.
    /// Ages count by the database's clock. Scheduled events are not in the outbox before they are due.
    ///
    /// # Errors
    /// Database errors.
    pub async fn is_publishing_behind(&self, limit: Duration) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("select exists (select from outbox where occurred_at < now() - make_interval(secs => $1))")
            .bind(limit.as_secs_f64())
            .fetch_one(&self.pool)
            .await
    }
}
