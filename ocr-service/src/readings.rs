//! How far readings are, for those who wait for them.

use crate::workers::pool::Stage;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use uuid::Uuid;

/// How long a reading is remembered after it began: longer than any takes.
const KEPT: Duration = Duration::from_mins(10);
/// Most readings that are remembered; a further one is read without being watched.
const READINGS_MAX: usize = 10_000;

/// The readings of this process, by the ids that their clients made; cheap to clone.
#[derive(Clone, Default)]
pub struct Readings {
    by_id: Arc<Mutex<HashMap<Uuid, Watched>>>,
}

struct Watched {
    began: Instant,
    stage: watch::Receiver<Stage>,
}

impl Readings {
    /// A new reading, to be found under `id` if there is one; the latest of an id counts.
    pub fn begin(&self, id: Option<Uuid>) -> watch::Sender<Stage> {
        let (sender, stage) = watch::channel(Stage::Queued { position: None });
        if let Some(id) = id {
            let mut by_id = self.lock();
            by_id.retain(|_, watched| watched.began.elapsed() < KEPT);
            if by_id.len() < READINGS_MAX {
                by_id.insert(id, Watched { began: Instant::now(), stage });
            }
        }
        sender
    }

    /// Where a reading is.
    pub fn stage(&self, id: Uuid) -> Option<Stage> {
        let by_id = self.lock();
        let watched = by_id.get(&id).filter(|watched| watched.began.elapsed() < KEPT)?;
        let stage = *watched.stage.borrow();
        match stage {
            // Whoever was to read it has left: its request has failed, or its client went away.
            Stage::Queued { .. } | Stage::Reading { .. } if watched.stage.has_changed().is_err() => {
                Some(Stage::Refused)
            }
            Stage::Queued { .. } | Stage::Reading { .. } | Stage::Read | Stage::Refused => Some(stage),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Watched>> {
        // No panic can happen while it is held; if one did, a map is still a map.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_found_under_its_id_and_one_that_was_left_is_refused() {
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
