//! The meaning of every metric of this crate, as `# HELP` in `/metrics`.

use metrics::Unit::{Count, Seconds};
use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Describes the metrics to the recorder of the process.
pub(crate) fn describe() {
    describe_counter!("http_requests_total", Count, "Requests that were responded to, by method, route and status.");
    describe_histogram!(
        "http_request_duration_seconds",
        Seconds,
        "Time from a request to the head of its response, by method and route."
    );
    describe_counter!(
        "http_tls_handshakes_failed_total",
        Count,
        "TLS handshakes of clients that failed or took too long."
    );
    describe_gauge!("http_requests_in_flight", Count, "Requests whose response head is not sent yet.");
}
