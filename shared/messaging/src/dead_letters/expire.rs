//! Deleting settled dead letters.

use super::{ActionKind, DeadLetters, Direction, SettleError, State};
use crate::begin::begin;
use crate::dead_letters::letter::word;
use sqlx::PgPool;
use uuid::Uuid;

/// Dead letters deleted per statement.
const CHUNK: i64 = 1_000;

impl DeadLetters {
    /// Deletes a dead letter that was replayed or discarded, with its contents.
    ///
    /// # Errors
    /// [`SettleError::NotFound`]; [`SettleError::StillOpen`] if it is not settled yet; database errors.
    pub async fn delete(&self, direction: Direction, event_id: Uuid) -> Result<(), SettleError> {
        let mut tx = begin(&self.pool).await?;
        let state: Option<State> =
            sqlx::query("select state from dead_letters where direction = $1 and event_id = $2 for update")
                .bind(direction.word())
                .bind(event_id)
                .try_map(|row| word(&row, "state"))
                .fetch_optional(&mut *tx)
                .await?;
        match state {
            None => return Err(SettleError::NotFound { direction, event_id }),
            Some(State::Open) => return Err(SettleError::StillOpen),
            Some(State::Replayed | State::Discarded) => {}
        }
        self.record(&mut tx, ActionKind::Deleted, &[direction.word()], &[event_id]).await?;
        sqlx::query("delete from dead_letters where direction = $1 and event_id = $2")
            .bind(direction.word())
            .bind(event_id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        self.log(ActionKind::Deleted, &[event_id]);
        Ok(())
    }

    /// Deletes all dead letters that were replayed or discarded more than `days` days ago; returns how many.
    ///
    /// # Errors
    /// Database errors; what was already deleted stays deleted.
    pub async fn delete_settled(&self, days: u16) -> Result<u64, sqlx::Error> {
        delete_settled(&self.pool, days).await
    }
}

/// Same as [`DeadLetters::delete_settled`].
pub(crate) async fn delete_settled(pool: &PgPool, days: u16) -> Result<u64, sqlx::Error> {
    let mut deleted = 0;
    loop {
        let chunk = sqlx::query(
            "delete from dead_letters where (direction, event_id) in (select direction, event_id from dead_letters \
             where state in ('replayed', 'discarded') and settled_at < clock_timestamp() - make_interval(days => $1) \
             limit $2 for update skip locked)",
        )
        .bind(i32::from(days))
        .bind(CHUNK)
        .execute(pool)
        .await?
        .rows_affected();
        deleted += chunk;
        if chunk == 0 {
            return Ok(deleted);
        }
    }
}
