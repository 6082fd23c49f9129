//! The meaning of every metric of this crate, as `# HELP` in `/metrics`.

use metrics::Unit::Count;
use metrics::{describe_counter, describe_gauge};

/// Describes the metrics to the recorder of the process.
pub(crate) fn describe() {
    describe_counter!(
        "router_cheque_requests_refused_total",
        Count,
        "Links that were refused with 503, because too many unknown links were opened."
    );
    describe_gauge!("router_live_sockets", Count, "Open WebSockets of this replica.");
    describe_counter!(
        "router_pages_refused_total",
        Count,
        "Further photos of bills that were left out, by reason: usually because money had moved meanwhile."
    );
    describe_counter!(
        "router_transfers_asked_again_total",
        Count,
        "Requests of transfers that were repeated because no answer came."
    );
}
