//! Settling dead letters: replaying or discarding them.

use super::filter::{CONDITIONS, bind_filter};
use super::letter::word;
use super::{ActionKind, DeadLetters, Direction, Filter, State};
use crate::begin::begin;
use crate::lane::LANES;
use crate::relay::wake::Occasions;
use sqlx::{AssertSqlSafe, PgConnection, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// Dead letters settled per transaction.
const CHUNK: i64 = 500;

/// Whether the inbox still has the day of the event. Only a UUID of version 7 has a day.
const IN_WINDOW: &str = "(substr(event_id::text, 15, 1) <> '7' or to_regclass('inbox_' || \
     to_char(to_timestamp(('x' || substr(replace(event_id::text, '-', ''), 1, 12))::bit(48)::bigint / 1000) \
     at time zone 'utc', 'YYYYMMDD')) is not null)";

/// Why a dead letter was not settled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// There is no such dead letter.
    #[error("there is no {direction} dead letter {event_id}")]
    NotFound {
        /// Its direction.
        direction: Direction,
        /// Its id.
        event_id: Uuid,
    },
    /// It was already settled.
    #[error("the letter is {0} already")]
    Settled(State),
    /// The event is older than the inbox window: whether it was handled before is unknown, so a replay could repeat its
    /// effect.
    #[error("the event is older than the inbox's window: it may have been handled before, so it can't be replayed")]
    BeyondWindow,
    /// It is not settled yet, so it can't be deleted.
    #[error("the letter is open: replay or discard it before it is deleted")]
    StillOpen,
    /// The database refused, or the connection broke.
    #[error("settle dead letters")]
    Database(#[from] sqlx::Error),
}

/// What to do with a dead letter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Replay,
    /// Replays it even if it is older than the inbox window.
    ReplayBeyondWindow,
    Discard,
}

impl Decision {
    fn action(self) -> ActionKind {
        match self {
            Self::Replay | Self::ReplayBeyondWindow => ActionKind::Replayed,
            Self::Discard => ActionKind::Discarded,
        }
    }
}

/// The keys of some dead letters, as two columns.
#[derive(Default)]
struct Keys {
    directions: Vec<&'static str>,
    event_ids: Vec<Uuid>,
}

impl DeadLetters {
    /// Publishes an open dead letter again: an incoming one to this service's own inbox, with the same id, so that its
    /// effect still happens once; an outgoing one to its original destination.
    ///
    /// The state of the dead letter and the outbox row that carries it commit together.
    ///
    /// # Errors
    /// [`SettleError`].
    pub async fn replay(&self, direction: Direction, event_id: Uuid) -> Result<(), SettleError> {
        self.settle(direction, event_id, Decision::Replay).await
    }

    /// Same as [`DeadLetters::replay`], and also replays an event that is older than the inbox window.
    ///
    /// Whether the event was handled before is unknown, so the effect must be protected by a business key, for example
    /// a unique constraint. This replay has its effect once: the inbox records it under another key for as many days.
    ///
    /// # Errors
    /// [`SettleError`], without [`SettleError::BeyondWindow`].
    pub async fn replay_beyond_window(&self, direction: Direction, event_id: Uuid) -> Result<(), SettleError> {
        self.settle(direction, event_id, Decision::ReplayBeyondWindow).await
    }

    /// Replays the given dead letters, each as [`DeadLetters::replay`] does; returns the results in the same order.
    ///
    /// # Errors
    /// Database errors; what was already settled stays settled.
    pub async fn replay_selected(
        &self,
        letters: &[(Direction, Uuid)],
    ) -> Result<Vec<Result<(), SettleError>>, sqlx::Error> {
        self.settle_selected(letters, Decision::Replay).await
    }

    /// Discards the given dead letters; returns the results in the same order.
    ///
    /// # Errors
    /// Database errors; what was already settled stays settled.
    pub async fn discard_selected(
        &self,
        letters: &[(Direction, Uuid)],
    ) -> Result<Vec<Result<(), SettleError>>, sqlx::Error> {
        self.settle_selected(letters, Decision::Discard).await
    }

    /// Discards an open dead letter.
    ///
    /// # Errors
    /// [`SettleError`], without [`SettleError::BeyondWindow`].
    pub async fn discard(&self, direction: Direction, event_id: Uuid) -> Result<(), SettleError> {
        self.settle(direction, event_id, Decision::Discard).await
    }

    /// Replays the open dead letters that match `filter`, oldest first, at most `limit`; returns how many. Those older
    /// than the inbox window stay open.
    ///
    /// # Errors
    /// Database errors; what was already settled stays settled.
    pub async fn replay_matching(&self, filter: &Filter, limit: u32) -> Result<u64, SettleError> {
        self.settle_matching(filter, limit, Decision::Replay).await
    }

    /// Discards the open dead letters that match `filter`, at most `limit`; returns how many.
    ///
    /// # Errors
    /// Database errors; what was already settled stays settled.
    pub async fn discard_matching(&self, filter: &Filter, limit: u32) -> Result<u64, SettleError> {
        self.settle_matching(filter, limit, Decision::Discard).await
    }

    async fn settle_selected(
        &self,
        letters: &[(Direction, Uuid)],
        decision: Decision,
    ) -> Result<Vec<Result<(), SettleError>>, sqlx::Error> {
        let mut settled = Vec::with_capacity(letters.len());
        for (direction, event_id) in letters {
            match self.settle(*direction, *event_id, decision).await {
                Err(SettleError::Database(failure)) => return Err(failure),
                outcome => settled.push(outcome),
            }
        }
        Ok(settled)
    }

    async fn settle(&self, direction: Direction, event_id: Uuid, mut decision: Decision) -> Result<(), SettleError> {
        let mut tx = begin(&self.pool).await?;
        let statement = format!(
            "select state, {IN_WINDOW} as in_window from dead_letters where direction = $1 and event_id = $2 for update"
        );
        let found = sqlx::query(AssertSqlSafe(statement))
            .bind(direction.word())
            .bind(event_id)
            .try_map(|row| Ok((word(&row, "state")?, row.try_get("in_window")?)))
            .fetch_optional(&mut *tx)
            .await?;
        match found {
            None => return Err(SettleError::NotFound { direction, event_id }),
            Some((state @ (State::Replayed | State::Discarded), _)) => return Err(SettleError::Settled(state)),
            Some((State::Open, false)) if decision == Decision::Replay && direction == Direction::Incoming => {
                return Err(SettleError::BeyondWindow);
            }
            // What could not be delivered for so long was never handled: the inbox of its consumer is past its day,
            // too.
            Some((State::Open, false)) if decision == Decision::Replay => decision = Decision::ReplayBeyondWindow,
            Some((State::Open, _)) => {}
        }
        let keys = Keys { directions: vec![direction.word()], event_ids: vec![event_id] };
        self.decide(&mut tx, &keys, decision).await?;
        tx.commit().await?;
        self.log(decision.action(), &keys.event_ids);
        self.origin.wake.committed(Occasions::of_lanes(0..LANES));
        Ok(())
    }

    async fn settle_matching(&self, filter: &Filter, limit: u32, decision: Decision) -> Result<u64, SettleError> {
        if filter.state.is_some_and(|state| state != State::Open) {
            return Ok(0);
        }
        // An event that fails again while this runs gets a later time than `now`, so it is not settled twice. Dead
        // letters are dated by the database's clock or by this process's, so take the later of both.
        let now: OffsetDateTime = sqlx::query_scalar("select clock_timestamp()").fetch_one(&self.pool).await?;
        let begun = now.max(OffsetDateTime::now_utc());
        let failed_before = Some(filter.failed_before.map_or(begun, |before| before.min(begun)));
        let filter = Filter { state: Some(State::Open), failed_before, ..filter.clone() };
        let mut settled = 0_u64;
        while settled < u64::from(limit) {
            let left = i64::try_from(u64::from(limit) - settled).unwrap_or(CHUNK);
            let mut tx = begin(&self.pool).await?;
            let keys = pick(&mut tx, &filter, left.min(CHUNK), decision).await?;
            if keys.event_ids.is_empty() {
                break;
            }
            self.decide(&mut tx, &keys, decision).await?;
            tx.commit().await?;
            self.log(decision.action(), &keys.event_ids);
            self.origin.wake.committed(Occasions::of_lanes(0..LANES));
            settled += keys.event_ids.len() as u64;
        }
        Ok(settled)
    }

    /// Settles dead letters that are open and locked.
    async fn decide(&self, tx: &mut PgConnection, keys: &Keys, decision: Decision) -> Result<(), sqlx::Error> {
        let service = &self.origin.service;
        let query = match decision {
            Decision::Replay | Decision::ReplayBeyondWindow => sqlx::query(include_str!("../sql/replay.sql"))
                .bind(&keys.directions)
                .bind(&keys.event_ids)
                .bind(format!("{service}.return"))
                .bind(format!("{service}.inbox"))
                .bind(decision == Decision::ReplayBeyondWindow),
            Decision::Discard => {
                sqlx::query(include_str!("../sql/discard.sql")).bind(&keys.directions).bind(&keys.event_ids)
            }
        };
        query.execute(&mut *tx).await?;
        self.record(tx, decision.action(), &keys.directions, &keys.event_ids).await
    }
}

/// Locks some open dead letters, skipping those that another session has locked.
async fn pick(tx: &mut PgConnection, filter: &Filter, limit: i64, decision: Decision) -> Result<Keys, sqlx::Error> {
    let possible = if decision == Decision::Replay { IN_WINDOW } else { "true" };
    let statement = format!(
        "select direction, event_id from dead_letters where {CONDITIONS} and {possible} \
         order by failed_at, event_id limit $7 for update skip locked"
    );
    let rows: Vec<(Direction, Uuid)> = bind_filter!(sqlx::query(AssertSqlSafe(statement)), filter)
        .bind(limit)
        .try_map(|row| Ok((word(&row, "direction")?, row.try_get("event_id")?)))
        .fetch_all(tx)
        .await?;
    let mut keys = Keys::default();
    for (direction, event_id) in rows {
        keys.directions.push(direction.word());
        keys.event_ids.push(event_id);
    }
    Ok(keys)
}
