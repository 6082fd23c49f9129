//! Progress of readings, for clients that wait for them.

use crate::workers::stage::Stage;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

/// How long a reading is remembered after its start: longer than any reading takes.
const RETENTION: Duration = Duration::from_mins(10);
/// Largest number of remembered readings; the progress of further ones cannot be queried.
const READINGS_MAX: usize = 10_000;

/// The readings of this process, by client-chosen id; cheap to clone.
#[derive(Clone, Default)]
pub struct Readings {
    by_id: Arc<Mutex<HashMap<Uuid, Watched>>>,
}

struct Watched {
    began: Instant,
    stage: watch::Receiver<Stage>,
}

impl Readings {
    /// Registers a new reading under `id`, if there is one. A later reading with the same id replaces an earlier one.
    pub fn begin(&self, id: Option<Uuid>) -> watch::Sender<Stage> {
        let (sender, stage) = watch::channel(Stage::Queued { position: None });
        if let Some(id) = id {
            let mut by_id = self.lock();
            by_id.retain(|_, watched| watched.began.elapsed() < RETENTION);
            if by_id.len() < READINGS_MAX {
                by_id.insert(id, Watched { began: Instant::now(), stage });
            }
        }
        sender
    }

    /// The current stage of a reading.
    pub fn stage(&self, id: Uuid) -> Option<Stage> {
        let by_id = self.lock();
        let watched = by_id.get(&id).filter(|watched| watched.began.elapsed() < RETENTION)?;
        let stage = *watched.stage.borrow();
        match stage {
            // The sender is gone without a final stage: the request failed or was cancelled.
            Stage::Queued { .. } | Stage::Reading { .. } if watched.stage.has_changed().is_err() => {
                Some(Stage::Refused)
            }
            Stage::Queued { .. } | Stage::Reading { .. } | Stage::Read | Stage::Refused => Some(stage),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Watched>> {
        // No panic can happen while the lock is held, and even then the map would be valid.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_found_by_its_id_and_an_abandoned_one_is_refused() {
        let (readings, id) = (Readings::default(), Uuid::new_v4());
        assert_eq!(readings.stage(id), None);
        let sender = readings.begin(Some(id));
        assert_eq!(readings.stage(id), Some(Stage::Queued { position: None }));
        sender.send_replace(Stage::Reading { step: 1, steps: 4 });
        assert_eq!(readings.stage(id), Some(Stage::Reading { step: 1, steps: 4 }));
        drop(sender);
        assert_eq!(readings.stage(id), Some(Stage::Refused));
        let sender = readings.begin(Some(id));
        sender.send_replace(Stage::Read);
        drop(sender);
        assert_eq!(readings.stage(id), Some(Stage::Read));
    }
}
