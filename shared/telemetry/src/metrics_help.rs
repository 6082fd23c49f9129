//! The meaning of every metric of this crate, as `# HELP` in `/metrics`.

use metrics::Unit::Count;
use metrics::describe_counter;

/// Describes the metrics to the recorder of the process.
pub(crate) fn describe() {
    describe_counter!("log_lines_dropped_total", Count, "Log lines dropped because standard output was not read.");
    describe_counter!("trace_spans_exported_total", Count, "Spans that the collector has accepted.");
    describe_counter!("trace_spans_dropped_total", Count, "Spans that were dropped, by reason.");
}
