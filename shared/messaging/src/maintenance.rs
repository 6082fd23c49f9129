//! Maintenance of the inbox: creates partitions for the days ahead, drops those whose time is over.

use crate::ConsumerOptions;
use crate::dead_letters::delete_settled;
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Days for which handled events are remembered: the longest time after which an event may come again.
const DAYS_KEPT: i32 = 7;
/// Days for which partitions exist ahead of time, should maintenance not run.
const DAYS_AHEAD: i32 = 3;
/// How often partitions are created and dropped.
const EVERY: Duration = Duration::from_hours(1);
/// How soon either is tried again after a failure.
const AGAIN: Duration = Duration::from_mins(1);
/// Partitions dropped in one go. One a day becomes due; there are more after maintenance has not run for days.
const DROPPED_MAX: usize = 32;

/// Looks after the tables until `stopping`: the inbox's partitions, and rows whose time is over. Each has its own turns: a
/// partition that can't be dropped never keeps a new day from being created.
///
/// A consumer does this by itself; it is for processes that only look after the tables.
///
/// # Errors
/// None: a failure is logged and tried again.
pub async fn run(pool: PgPool, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
    run_with(pool, ConsumerOptions::default(), stopping).await;
    Ok(())
}

/// The same with a consumer's options.
pub(crate) async fn run_with(pool: PgPool, options: ConsumerOptions, stopping: CancellationToken) {
    let kept = window(&options).0;
    let (mut create_at, mut drop_at, mut delete_at) = (Instant::now(), Instant::now(), Instant::now());
    loop {
        if create_at <= Instant::now() {
            create_at = Instant::now() + next("create partitions of the inbox", create_partitions(&pool, kept).await);
        }
        if drop_at <= Instant::now() {
            drop_at = Instant::now() + next("drop partitions of the inbox", drop_partitions(&pool, kept).await);
        }
        if delete_at <= Instant::now() {
            delete_at = Instant::now() + next("delete rows whose time is over", delete_rows(&pool, &options).await);
        }
        tokio::select! {
            () = tokio::time::sleep_until(create_at.min(drop_at).min(delete_at)) => {}
            () = stopping.cancelled() => return,
        }
    }
}

/// The days that the inbox knows: so many back, and so many ahead.
pub(crate) fn window(options: &ConsumerOptions) -> (i32, i32) {
    (i32::from(options.window_days).max(1), DAYS_AHEAD)
}

/// Creates and drops partitions once; returns how many. Dropping is tried even when creating fails.
///
/// # Errors
/// The database's; creating's first.
pub async fn maintain(pool: &PgPool) -> Result<usize, sqlx::Error> {
    let created = create_partitions(pool, DAYS_KEPT).await;
    let dropped = drop_partitions(pool, DAYS_KEPT).await;
    Ok(created?.unwrap_or(0) + dropped?.unwrap_or(0))
}

/// Creates the partitions that are missing; `None` if another replica is at it.
pub(crate) async fn create_partitions(pool: &PgPool, days_kept: i32) -> Result<Option<usize>, sqlx::Error> {
    let created: Option<Vec<String>> = sqlx::query_scalar("select inbox_create_partitions($1, $2)")
        .bind(days_kept)
        .bind(DAYS_AHEAD)
        .fetch_one(pool)
        .await?;
    if let Some(created) = &created
        && !created.is_empty()
    {
        info!(partitions = ?created, "created {} partitions of the inbox", created.len());
    }
    Ok(created.map(|created| created.len()))
}

/// Drops the partitions whose days are over, each in a transaction of its own; those in use stay for the next turn.
async fn drop_partitions(pool: &PgPool, days_kept: i32) -> Result<Option<usize>, sqlx::Error> {
    for count in 0..DROPPED_MAX {
        let (dropped, busy): (Option<String>, i32) =
            sqlx::query_as("select dropped, busy from inbox_drop_partitions($1)")
                .bind(days_kept)
                .fetch_one(pool)
                .await?;
        let Some(partition) = dropped else {
            if busy > 0 {
                warn!(busy, "{busy} partitions of the inbox are over but in use: tried again in {EVERY:?}");
            }
            return Ok(Some(count));
        };
        info!(partition, "dropped partition {partition} of the inbox");
    }
    Ok(Some(DROPPED_MAX))
}

/// Deletes what the inbox remembers by other keys than days, and letters that were settled long ago.
async fn delete_rows(pool: &PgPool, options: &ConsumerOptions) -> Result<Option<usize>, sqlx::Error> {
    let forgotten =
        sqlx::query("delete from inbox_by_key where done_at < clock_timestamp() - make_interval(days => $1)")
            .bind(window(options).0)
            .execute(pool)
            .await?
            .rows_affected();
    let letters = match options.settled_letters_days {
        Some(days) => delete_settled(pool, days).await?,
        None => 0,
    };
    if forgotten + letters > 0 {
        info!(forgotten, letters, "deleted {letters} settled dead letters and {forgotten} rows of the inbox");
    }
    Ok(Some(usize::try_from(forgotten + letters).unwrap_or(usize::MAX)))
}

/// Logs a failure; returns when to do it again.
fn next(doing: &'static str, outcome: Result<Option<usize>, sqlx::Error>) -> Duration {
    match outcome {
        Ok(Some(_)) => EVERY,
        // Another replica was at it. It may fail, so see whether the days are there.
        Ok(None) => AGAIN,
        Err(failure) => {
            warn!(error = %failure, "{doing}");
            AGAIN
        }
    }
}
