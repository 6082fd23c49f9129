//! Rate limit counters in the memory of this process.

use super::gcra::{Quota, Verdict};
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// With this many callers, entries without remaining debt are removed.
const CALLERS_MAX: usize = 100_000;

/// The theoretical arrival times by key.
pub(super) struct Local {
    since: Instant,
    arrivals: Mutex<HashMap<String, Duration>>,
}

impl Default for Local {
    fn default() -> Self {
        Self { since: Instant::now(), arrivals: Mutex::default() }
    }
}

impl Local {
    /// Counts a call for all keys of `counted`, or returns how long it must wait for the slowest of them.
    pub(super) fn wait(&self, counted: &[(String, Quota)]) -> Duration {
        let Ok(mut arrivals) = self.arrivals.lock() else { return Duration::ZERO };
        let now = self.since.elapsed();
        let verdicts: Vec<Verdict> =
            counted.iter().map(|(name, quota)| quota.call(arrivals.get(name).copied(), now)).collect();
        let waits = verdicts.iter().filter_map(|verdict| match verdict {
            Verdict::Wait(wait) => Some(*wait),
            Verdict::Go { .. } => None,
        });
        if let Some(longest) = waits.max() {
            return longest;
        }
        if arrivals.len() >= CALLERS_MAX {
            arrivals.retain(|_, arrival| *arrival > now);
        }
        for ((name, _), verdict) in counted.iter().zip(verdicts) {
            if let Verdict::Go { arrival } = verdict {
                arrivals.insert(name.clone(), arrival);
            }
        }
        Duration::ZERO
    }
}
