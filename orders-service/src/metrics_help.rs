//! The meaning of every metric of this crate, as `# HELP` in `/metrics`.

use metrics::Unit::Count;
use metrics::{describe_counter, describe_gauge};

/// Describes the metrics to the recorder of the process.
pub(crate) fn describe() {
    describe_counter!(
        "orders_asked_again_total",
        Count,
        "Requests of payment that were repeated because no answer came."
    );
    describe_gauge!("orders_live_sockets", Count, "Open WebSockets of this replica.");
}
