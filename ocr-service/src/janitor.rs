//! Chores: cheques whose time is over are emptied, and photos that nobody may see any more are deleted.

use crate::cache::Cache;
use crate::store::cheques;
use crate::store::photos::{Photos, PhotosError};
use chassis::clock;
use sqlx::PgPool;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the chores run, unless woken.
const EVERY: Duration = Duration::from_secs(10);
/// How often the folder is searched for photos that no cheque knows.
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// How old such a photo must be: the photo is written some moments before its row.
const ORPHAN_AGE: Duration = Duration::from_hours(1);
/// How many keys are looked up with one statement.
const KEYS_AT_ONCE: usize = 1000;

/// The janitor.
pub struct Janitor {
    /// Where cheques are.
    pub database: PgPool,
    /// Where photos are.
    pub photos: Photos,
    /// Where cheques are handed over.
    pub cache: Cache,
    /// Woken when there is something to delete.
    pub wake: Arc<Notify>,
}

/// Why a chore was not done; the next round tries again.
#[derive(Debug, thiserror::Error)]
enum ChoreError {
    #[error("ask for what is to be deleted")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Photos(#[from] PhotosError),
}

impl Janitor {
    /// Does the chores until `stopping`.
    ///
    /// # Errors
    /// None: a failure is logged and tried again.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), Infallible> {
        let mut sweep_at = Instant::now();
        loop {
            // Register before looking: what is emptied between the two would otherwise wait for the next round.
            let woken = self.wake.notified();
            if let Err(failure) = self.chores(&mut sweep_at).await {
                warn!(error = chassis::process::chain(&failure), "the janitor could not finish");
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(EVERY) => {}
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    async fn chores(&self, sweep_at: &mut Instant) -> Result<(), ChoreError> {
        while cheques::empty_expired(&self.database, clock::now()).await? > 0 {}
        self.delete_photos().await?;
        if Instant::now() >= *sweep_at {
            self.sweep().await?;
            *sweep_at = Instant::now() + SWEEP_EVERY;
        }
        Ok(())
    }

    /// Deletes photos of emptied cheques: first the file, then the row's word for it, so that a crash between the two
    /// is work to be done again and not a file that nobody looks for.
    async fn delete_photos(&self) -> Result<(), ChoreError> {
        loop {
            let batch = cheques::photos_to_delete(&self.database).await?;
            if batch.is_empty() {
                return Ok(());
            }
            for photo in &batch {
                self.photos.delete(&photo.photo_key).await?;
                self.cache.delete(&photo.hash).await;
                cheques::photo_is_gone(&self.database, &photo.hash).await?;
            }
            info!(photos = batch.len(), "deleted photos of cheques that were deleted or have expired");
        }
    }

    /// Deletes old files that no cheque knows: of requests that ended between the file and the row.
    async fn sweep(&self) -> Result<(), ChoreError> {
        let keys = self.photos.keys_older_than(ORPHAN_AGE).await?;
        for some in keys.chunks(KEYS_AT_ONCE) {
            for orphan in cheques::unknown_photos(&self.database, some).await? {
                self.photos.delete(&orphan).await?;
                info!("deleted a photo that belongs to no cheque");
            }
        }
        Ok(())
    }
}
