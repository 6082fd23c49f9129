//! The meaning of every metric of this crate, as `# HELP` in `/metrics`.

use metrics::Unit::{Count, Seconds};
use metrics::{describe_counter, describe_gauge, describe_histogram};

/// Describes the metrics to the recorder of the process.
pub(crate) fn describe() {
    describe_counter!("ocr_cache_failures_total", Count, "Commands to the cache that failed.");
    describe_gauge!(
        "ocr_photos_not_deleted",
        Count,
        "Photos that could not be deleted in the last cleanup; see the log."
    );
    describe_histogram!("ocr_picture_seconds", Seconds, "Time from handing a picture to a worker to its result.");
    describe_gauge!("ocr_queue_length", Count, "Pictures that wait for a worker.");
    describe_counter!("ocr_worker_deaths_total", Count, "Workers that exited or were killed.");
    describe_counter!("ocr_worker_start_failures_total", Count, "Workers that could not be started.");
}
