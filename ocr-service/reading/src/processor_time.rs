//! What a reading costs.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;

/// Measures the processor time of this process, which reads one picture. Unlike a clock, it does not depend on what else
/// the machine does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessorTime {
    start: Duration,
}

impl ProcessorTime {
    /// Starts to measure.
    pub(crate) fn start() -> Self {
        Self { start: now() }
    }

    /// What was used since the start.
    pub(crate) fn used(self) -> Duration {
        now().saturating_sub(self.start)
    }
}

fn now() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(tv_sec).unwrap_or(0), u32::try_from(tv_nsec).unwrap_or(0))
}
