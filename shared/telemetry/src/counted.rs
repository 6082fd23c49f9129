//! A gauge of things that exist, such as open sockets.

/// Counts in a gauge for as long as it exists. Costs the same however many there are.
#[derive(Debug)]
pub struct Counted(metrics::Gauge);

impl Counted {
    /// Adds one to the gauge until this is dropped.
    pub fn new(gauge: metrics::Gauge) -> Self {
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
