//! Maintenance of the inbox: creates partitions for the coming days, drops expired ones.

use crate::ConsumerOptions;
use crate::dead_letters::{delete_old_actions, delete_settled};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Days for which handled events are remembered: the longest time after which an event may be delivered again.
const DAYS_KEPT: i32 = 7;
/// Days for which partitions are created ahead of time, in case maintenance does not run.
const DAYS_AHEAD: i32 = 3;
/// Interval between maintenance runs.
const EVERY: Duration = Duration::from_hours(1);
/// Delay before a retry after a failure.
const AGAIN: Duration = Duration::from_mins(1);
/// Maximum number of partitions dropped in one run. One per day expires; there are more after maintenance has not run
/// for days.
const DROPPED_MAX: usize = 32;
/// Days for which actions on dead letters stay recorded.
const ACTIONS_DAYS: i32 = 365;

/// Maintains the tables until `stopping`: the inbox's partitions and expired rows. Creating and dropping are scheduled
/// separately: a partition that can't be dropped never prevents that of a new day.
///
/// A consumer does this itself; call this in processes that only maintain the tables.
///
/// # Errors
/// None: a failure is logged and tried again.
pub async fn run(pool: PgPool, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
    run_with(pool, ConsumerOptions::default(), stopping).await;
    Ok(())
}

/// Same, with a consumer's options.
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
            delete_at = Instant::now() + next("delete expired rows", delete_rows(&pool, &options).await);
        }
        tokio::select! {
            () = tokio::time::sleep_until(create_at.min(drop_at).min(delete_at)) => {}
            () = stopping.cancelled() => return,
        }
    }
}

/// The inbox window: days back, and days ahead.
pub(crate) fn window(options: &ConsumerOptions) -> (i32, i32) {
    (i32::from(options.window_days).max(1), DAYS_AHEAD)
}

/// Creates and drops partitions once; returns how many. Drops even if creating fails.
///
/// # Errors
/// Database errors; the one of creating first.
pub async fn maintain(pool: &PgPool) -> Result<usize, sqlx::Error> {
    let created = create_partitions(pool, DAYS_KEPT).await;
    let dropped = drop_partitions(pool, DAYS_KEPT).await;
    Ok(created?.unwrap_or(0) + dropped?.unwrap_or(0))
}

/// Creates missing partitions; `None` if another replica is doing so.
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

/// Drops expired partitions, each in its own transaction; those in use are retried in the next run.
async fn drop_partitions(pool: &PgPool, days_kept: i32) -> Result<Option<usize>, sqlx::Error> {
    for count in 0..DROPPED_MAX {
        let (dropped, busy): (Option<String>, i32) =
            sqlx::query_as("select dropped, busy from inbox_drop_partitions($1)")
                .bind(days_kept)
                .fetch_one(pool)
                .await?;
        let Some(partition) = dropped else {
            if busy > 0 {
                warn!(busy, "{busy} partitions of the inbox have expired but are in use: tried again in {EVERY:?}");
            }
            return Ok(Some(count));
        };
        info!(partition, "dropped partition {partition} of the inbox");
    }
    Ok(Some(DROPPED_MAX))
}

/// Deletes expired rows: of the inbox by keys, and dead letters that were settled long ago.
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
    delete_old_actions(pool, ACTIONS_DAYS).await?;
    if forgotten + letters > 0 {
        info!(forgotten, letters, "deleted {letters} settled dead letters and {forgotten} rows of the inbox");
    }
    Ok(Some(usize::try_from(forgotten + letters).unwrap_or(usize::MAX)))
}

/// Logs a failure; returns the delay before the next run.
fn next(doing: &'static str, outcome: Result<Option<usize>, sqlx::Error>) -> Duration {
    match outcome {
        Ok(Some(_)) => EVERY,
        // Another replica was doing so. It may fail, so check again whether the partitions exist.
        Ok(None) => AGAIN,
        Err(failure) => {
            warn!(error = %failure, "{doing}");
            AGAIN
        }
    }
}
