//! Background cleanup: deletes the content of expired cheques, and photos that are no longer accessible.

use crate::cache::Cache;
use crate::store::cheques;
use crate::store::photos::{KEY_CHARACTERS_SHOWN, Photos, PhotosError};
use crate::store::quotas;
use postgres::StoreError;
use process::clock;
use sqlx::PgPool;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often the cleanup runs, unless it is woken.
const INTERVAL: Duration = Duration::from_secs(10);
/// How often the folder is searched for photos without a cheque.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);
/// Minimum age of such a photo: a photo is stored some moments before its row.
const ORPHAN_AGE: Duration = Duration::from_hours(1);
/// Largest number of keys looked up by one statement.
const KEYS_AT_ONCE: usize = 1000;

/// The cleanup task.
pub struct Janitor {
    /// The database with the cheques.
    pub database: PgPool,
    /// The stored photos.
    pub photos: Photos,
    /// The cache that hands cheques to router-service.
    pub cache: Cache,
    /// Notified when there is something to delete.
    pub wake: Arc<Notify>,
}

/// Why a cleanup failed; the next round tries again.
#[derive(Debug, thiserror::Error)]
enum CleanupError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Photos(#[from] PhotosError),
}

/// The beginning of a photo's key: the whole contains the secret key of the cheque.
fn shortened(photo: &str) -> String {
    photo.chars().take(KEY_CHARACTERS_SHOWN).chain(['…']).collect()
}

impl Janitor {
    /// Runs the cleanup until `stopping` is cancelled.
    ///
    /// # Errors
    /// Never: a failure is logged and retried.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), Infallible> {
        let mut sweep_at = Instant::now();
        loop {
            // Register before querying: a deletion between the two would otherwise wait for the next round.
            let woken = self.wake.notified();
            if let Err(failure) = self.clean_up(&mut sweep_at).await {
                warn!(error = telemetry::chain(&failure), "the cleanup failed");
            }
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(INTERVAL) => {}
                () = stopping.cancelled() => return Ok(()),
            }
        }
    }

    async fn clean_up(&self, sweep_at: &mut Instant) -> Result<(), CleanupError> {
        while cheques::clear_expired(&self.database, clock::now()).await? > 0 {}
        self.delete_photos().await?;
        if Instant::now() >= *sweep_at {
            quotas::delete_before(&self.database, clock::now().date()).await?;
            self.sweep().await?;
            *sweep_at = Instant::now() + SWEEP_INTERVAL;
        }
        Ok(())
    }

    /// Deletes photos of deleted and expired cheques. The file goes first, then the reference in the row: a crash
    /// between the two only repeats the work, whereas the other order could leave a file that is never deleted.
    async fn delete_photos(&self) -> Result<(), CleanupError> {
        // Photos that could not be deleted in this round; they must not keep the others.
        let mut failed = vec![];
        loop {
            let batch = cheques::photos_to_delete(&self.database, &failed).await?;
            if batch.is_empty() {
                break;
            }
            let failed_before = failed.len();
            for photo in &batch {
                // The cache first: what remains of a photo that can't be deleted is not served.
                self.cache.delete(&photo.hash).await;
                if let Err(failure) = self.photos.delete(&photo.photo_key).await {
                    let cheque = photo.hash.shortened();
                    warn!(%cheque, error = telemetry::chain(&failure), "the photo of cheque {cheque} could not be deleted");
                    failed.push(photo.photo_key.clone());
                    continue;
                }
                cheques::clear_photo_key(&self.database, photo).await?;
            }
            let deleted = batch.len() - (failed.len() - failed_before);
            info!(photos = deleted, "{deleted} photos of cheques that were deleted or have expired were deleted");
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of files")]
        metrics::gauge!("ocr_photos_not_deleted").set(failed.len() as f64);
        Ok(())
    }

    /// Deletes old files without a cheque, left by requests that ended between storing the file and the row.
    async fn sweep(&self) -> Result<(), CleanupError> {
        let keys = self.photos.keys_older_than(ORPHAN_AGE).await?;
        for some in keys.chunks(KEYS_AT_ONCE) {
            for orphan in cheques::unknown_photos(&self.database, some).await? {
                match self.photos.delete(&orphan).await {
                    Ok(()) => {
                        let photo = shortened(&orphan);
                        info!(photo, "photo {photo} without a cheque was deleted");
                    }
                    Err(failure) => {
                        let (photo, error) = (shortened(&orphan), telemetry::chain(&failure));
                        warn!(photo, error, "photo {photo} without a cheque could not be deleted");
                    }
                }
            }
        }
        Ok(())
    }
}
