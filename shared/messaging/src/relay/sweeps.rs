//! When lanes are read from the beginning.

use std::time::{Duration, Instant};

/// When lanes are read from the beginning, for rows that became visible late.
#[derive(Debug)]
pub(super) struct Sweeps {
    pub(super) last: Option<Instant>,
    pub(super) took: Duration,
    /// Something was committed since the last sweep.
    pub(super) due: bool,
}

impl Sweeps {
    /// Interval if nothing was committed.
    const LONGEST: Duration = Duration::from_secs(5);
    /// Minimum interval while there is a backlog, which is read from the floor anyway.
    const BACKLOG: Duration = Duration::from_secs(1);
    /// Minimum interval, however fast sweeps are.
    const SHORTEST: Duration = Duration::from_millis(20);
    /// A sweep over many dead rows is slow; then it runs rarely, so that sweeps take at most one part in `SHARE` of the
    /// time.
    const SHARE: u32 = 20;

    pub(super) fn next(&self, backlog: bool) -> Option<Instant> {
        let shortest = if backlog { Self::BACKLOG } else { Self::SHORTEST };
        let pause = if self.due { (self.took * Self::SHARE).max(shortest).min(Self::LONGEST) } else { Self::LONGEST };
        self.last.map(|last| last + pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_sweep_is_rare_and_a_quick_one_is_soon() {
        let last = Instant::now();
        let sweeps = |took, due| Sweeps { last: Some(last), took: Duration::from_millis(took), due };
        assert_eq!(sweeps(0, true).next(false), Some(last + Duration::from_millis(20)));
        assert_eq!(sweeps(60, true).next(false), Some(last + Duration::from_millis(1_200)));
        assert_eq!(sweeps(900, true).next(false), Some(last + Duration::from_secs(5)));
        assert_eq!(sweeps(0, true).next(true), Some(last + Duration::from_secs(1)));
        assert_eq!(sweeps(0, false).next(false), Some(last + Duration::from_secs(5)));
    }
}
