//! Logs, metrics and spans of a process.

use crate::config::TelemetryConfig;
use crate::json_line::JsonLine;
use crate::log;
use crate::metrics_help;
use crate::process_metrics;
use crate::spans::{self, SpansError};
use crate::text_line::TextLine;
use configuration::LogFormat;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::time::Duration;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Buckets of the duration histograms, in seconds: from a fast query to a request close to its timeout.
const DURATION_BUCKETS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0, 60.0];

/// Buckets of the histograms of batch sizes, in events.
const BATCH_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// How often the recorder aggregates samples: until then each needs 8 bytes, at ten thousand per second.
const AGGREGATION_INTERVAL: Duration = Duration::from_secs(5);

/// Why telemetry could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Standard output is not available.
    #[error("open standard output")]
    Output(#[source] std::io::Error),
    /// A recorder is already installed, or a bucket list is empty.
    #[error("install the metrics recorder")]
    Metrics(#[source] metrics_exporter_prometheus::BuildError),
    /// The export of spans could not be started.
    #[error("export spans")]
    Spans(#[source] SpansError),
}

/// Starts logging, metrics and, if configured, the export of spans; [`render`] writes the text of `/metrics` with the
/// returned handle. Requires a running runtime.
///
/// # Errors
/// [`TelemetryError`] when metrics are already set up, or spans can't be exported.
pub fn start(config: &TelemetryConfig) -> Result<PrometheusHandle, TelemetryError> {
    let registry = tracing_subscriber::registry().with(config.log_filter.targets());
    let lines = tracing_subscriber::fmt::layer().with_writer(log::start().map_err(TelemetryError::Output)?);
    match config.log_format {
        LogFormat::Json => registry.with(lines.fmt_fields(JsonFields::new()).event_format(JsonLine)).init(),
        LogFormat::Text => registry.with(lines.event_format(TextLine::default())).init(),
    }
    let to_standard_error = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // A panic is reported even if the filter drops all logs.
        if !tracing::enabled!(tracing::Level::ERROR) {
            return to_standard_error(panic);
        }
        tracing::error!(%panic, "a task panicked");
        log::flush();
    }));
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &DURATION_BUCKETS)
        .and_then(|metrics| metrics.set_buckets_for_metric(Matcher::Suffix("_batch_size".into()), &BATCH_BUCKETS))
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(TelemetryError::Metrics)?;
    metrics_help::describe();
    spans::start(config).map_err(TelemetryError::Spans)?;
    tokio::spawn(aggregate_histograms(metrics.clone()));
    Ok(metrics)
}

/// The text of `/metrics`: what this program recorded, and what the kernel counts about its process.
pub fn render(metrics: &PrometheusHandle) -> String {
    metrics.run_upkeep();
    let mut text = metrics.render();
    process_metrics::append(&mut text);
    text
}

/// Aggregates histogram samples regularly: the recorder keeps every sample until `/metrics` is rendered, which may
/// never happen.
async fn aggregate_histograms(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(AGGREGATION_INTERVAL).await;
        metrics.run_upkeep();
    }
}

/// Writes the buffered log lines. A program that ends without `process::Process` must call it.
pub fn flush_log() {
    log::flush();
}
