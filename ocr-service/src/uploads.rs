//! The uploads in progress. Each may hold a whole picture in memory, so their number is limited, and that of each user.

use contracts::ids::UserId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Largest number of concurrent uploads; each takes up to 10 MB of memory.
const UPLOADS_MAX: usize = 32;
/// The same for one user.
const UPLOADS_PER_USER_MAX: usize = 3;
/// Longest wait for a place. Nothing of the body is read meanwhile, and uploads that stall leave their places sooner.
const WAIT: Duration = Duration::from_secs(8);

/// The places for uploads; cheap to clone.
#[derive(Clone)]
pub struct Uploads {
    places: Arc<Semaphore>,
    by_user: Arc<Mutex<HashMap<UserId, usize>>>,
    wait: Duration,
}

/// A place for one upload, until it is dropped.
pub(crate) struct UploadPlace {
    uploads: Uploads,
    user_id: UserId,
    /// `None` while it waits.
    permit: Option<OwnedSemaphorePermit>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// This user has as many uploads in progress as a user may have.
    User,
    /// All places are taken.
    Full,
}

impl Default for Uploads {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(UPLOADS_MAX)), by_user: Arc::default(), wait: WAIT }
    }
}

impl Uploads {
    /// A place for an upload of this user; waits for it in the order of arrival.
    pub(crate) async fn place(&self, user_id: UserId) -> Result<UploadPlace, NoPlace> {
        let mut place = self.counted(user_id).ok_or(NoPlace::User)?;
        let waiting = tokio::time::timeout(self.wait, Arc::clone(&self.places).acquire_owned());
        let permit = waiting.await.map_err(|_| NoPlace::Full)?.map_err(|_| NoPlace::Full)?;
        place.permit = Some(permit);
        Ok(place)
    }

    fn counted(&self, user_id: UserId) -> Option<UploadPlace> {
        let mut by_user = self.lock();
        let count = by_user.get(&user_id).copied().unwrap_or_default();
        if count >= UPLOADS_PER_USER_MAX {
            return None;
        }
        by_user.insert(user_id, count + 1);
        Some(UploadPlace { uploads: self.clone(), user_id, permit: None })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        // No panic can happen while the lock is held, and even then the counts would be valid.
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UploadPlace {
    fn drop(&mut self) {
        if let Entry::Occupied(mut entry) = self.uploads.lock().entry(self.user_id) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: i64) -> UserId {
        UserId::try_from(id).unwrap()
    }

    #[tokio::test]
    async fn one_user_takes_a_few_places_and_a_full_house_frees_one_by_waiting() {
        let uploads = Uploads { wait: Duration::from_millis(100), ..Uploads::default() };
        let mut places = vec![];
        for id in 1..=11 {
            for _ in 0..3 {
                places.extend(uploads.place(user(id)).await);
            }
        }
        assert_eq!(places.len(), UPLOADS_MAX);
        assert_eq!(uploads.place(user(1)).await.err(), Some(NoPlace::User));
        assert_eq!(uploads.place(user(12)).await.err(), Some(NoPlace::Full));
        let (place, ()) = tokio::join!(uploads.place(user(12)), async { drop(places) });
        drop(place.unwrap());
        assert!(uploads.lock().is_empty(), "a user without uploads takes no memory");
    }
}
