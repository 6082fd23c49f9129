//! The meaning of every metric of this crate, as `# HELP` in `/metrics`.

use metrics::Unit::{Count, Seconds};
use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Describes the metrics to the recorder of the process.
pub(crate) fn describe() {
    describe_gauge!("gateway_tunnels", Count, "Open WebSocket tunnels.");
    describe_gauge!(
        "gateway_ended_sessions_age_seconds",
        Seconds,
        "Time since users-service last answered which sessions have ended."
    );
    describe_histogram!(
        "gateway_upstream_duration_seconds",
        Seconds,
        "Time from forwarding a request to the head of the response, by service and route."
    );
    describe_counter!(
        "gateway_upstream_requests_total",
        Count,
        "Requests that were forwarded, by service, route and outcome."
    );
    describe_counter!(
        "gateway_upstream_retries_total",
        Count,
        "Requests that were repeated because a kept connection had been closed."
    );
}
