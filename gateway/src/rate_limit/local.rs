//! Rate limit counters in the memory of this process.

use super::gcra::{Decision, RateLimit};
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
    pub(super) fn wait(&self, counted: &[(String, RateLimit)]) -> Duration {
        let Ok(mut arrivals) = self.arrivals.lock() else { return Duration::ZERO };
        let now = self.since.elapsed();
        let decisions: Vec<Decision> =
            counted.iter().map(|(name, rate_limit)| rate_limit.check(arrivals.get(name).copied(), now)).collect();
        let waits = decisions.iter().filter_map(|decision| match decision {
            Decision::Wait(wait) => Some(*wait),
            Decision::Allow { .. } => None,
        });
        if let Some(longest) = waits.max() {
            return longest;
        }
        if arrivals.len() >= CALLERS_MAX {
            arrivals.retain(|_, arrival| *arrival > now);
        }
        for ((name, _), decision) in counted.iter().zip(decisions) {
            if let Decision::Allow { arrival } = decision {
                arrivals.insert(name.clone(), arrival);
            }
        }
        Duration::ZERO
    }
}
