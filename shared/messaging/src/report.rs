//! How the messaging of a service is doing, for its operators.

use crate::consumer::breaker::State as BreakerState;
use crate::dead_letters::Count;
use crate::lane::{self, LANES};
use crate::service::Messaging;
use sqlx::Row;

/// Rows that are counted at most.
pub const COUNT_MAX: i64 = 10_000;

/// The state of one service's messaging.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Its lanes, from 0.
    pub lanes: Vec<Lane>,
    /// Events that are due later, at most [`COUNT_MAX`].
    pub scheduled: i64,
    /// Open dead letters by direction and type.
    pub dead_letters: Vec<Count>,
    /// Days that the inbox knows.
    pub inbox_partitions: i64,
    /// Whether this process consumes.
    pub breaker: Breaker,
}

/// One lane of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its number.
    pub lane: i16,
    /// Events that are to go next, at most [`COUNT_MAX`].
    pub unsent: i64,
    /// Events that could not go and wait for another try, at most [`COUNT_MAX`].
    pub waiting: i64,
    /// Age of the oldest of those that are to go next, in seconds.
    pub oldest_age_secs: Option<f64>,
    /// Whether a relay, of whichever replica, has it.
    pub owned: bool,
}

/// Whether a process consumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// It does.
    Closed,
    /// It does not, for this reason.
    Open(String),
    /// It tries one event.
    HalfOpen,
}

impl Messaging {
    /// Looks at the tables and at this process.
    ///
    /// # Errors
    /// The database's.
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
            .try_map(|row| {
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
}
