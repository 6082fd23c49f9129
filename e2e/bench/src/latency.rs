//! Percentiles of measured latencies.

use std::time::Duration;

/// Latencies, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl FromIterator<Duration> for Latencies {
    fn from_iter<I: IntoIterator<Item = Duration>>(latencies: I) -> Self {
        let mut sorted: Vec<Duration> = latencies.into_iter().collect();
        sorted.sort_unstable();
        Self(sorted)
    }
}

impl Latencies {
    /// The smallest latency that is greater than or equal to `percent` of all, in milliseconds; 0 if there are none.
    pub(crate) fn percentile_ms(&self, percent: usize) -> f64 {
        let index = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(index).map_or(0.0, |latency| latency.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let latencies: Latencies = (1..=200).rev().map(Duration::from_millis).collect();
        let percentiles = [50, 99, 100].map(|percent| format!("{}", latencies.percentile_ms(percent)));
        assert_eq!(percentiles, ["100", "198", "200"]);
        assert_eq!(format!("{}", Latencies::default().percentile_ms(50)), "0");
    }
}
