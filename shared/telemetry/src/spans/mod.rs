//! Exports finished spans to a collector by OTLP over HTTP, if one is configured.

mod batches;
mod client;
mod data;

use crate::config::TelemetryConfig;
use batches::ExportTask;
use configuration::HttpUrl;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Spans that wait for export: a second of a busy process. Further ones are dropped.
const QUEUE_MAX: usize = 8192;
/// Longest wait for the collector's response.
const SEND_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for the export of the last spans at shutdown.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// The path for traces, relative to the endpoint of a collector.
///
/// Source: OTLP specification 1.10, "OTLP/HTTP request".
const TRACES_PATH: &str = "/v1/traces";

/// The exporter of this process, if there is one.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

struct Running {
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

/// Why spans can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum SpansError {
    /// The library rejects the endpoint, or another of its variables. Its text is not shown: it may contain a token of
    /// `OTEL_EXPORTER_OTLP_HEADERS`.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT or another variable OTEL_EXPORTER_OTLP_* is refused by the exporter of spans")]
    Build,
    /// The exporter is already running.
    #[error("start the exporter of spans")]
    AlreadyRunning(#[source] trace::AlreadyInstalled),
}

/// Starts the export of spans if a collector is configured; this requires a running runtime.
///
/// # Errors
/// [`SpansError`] when the endpoint is invalid or the exporter is already running.
pub(crate) fn start(config: &TelemetryConfig) -> Result<(), SpansError> {
    let Some(endpoint) = config.otlp_endpoint.as_ref().map(HttpUrl::as_str) else { return Ok(()) };
    let exporter = exporter(endpoint, service_name(config))?;
    let finished = trace::install(QUEUE_MAX).map_err(SpansError::AlreadyRunning)?;
    let stopping = CancellationToken::new();
    let task = tokio::spawn(ExportTask::new(exporter, endpoint).run(finished, stopping.clone()));
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { stopping, task });
    Ok(())
}

/// The library's exporter; it also reads `OTEL_EXPORTER_OTLP_HEADERS`.
fn exporter(endpoint: &str, service: String) -> Result<SpanExporter, SpansError> {
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(client::Client::new(SEND_TIMEOUT))
        .with_endpoint(format!("{}{TRACES_PATH}", endpoint.trim_end_matches('/')))
        .with_timeout(SEND_TIMEOUT)
        .build()
        .map_err(|_| SpansError::Build)?;
    exporter.set_resource(&Resource::builder_empty().with_service_name(service).build());
    Ok(exporter)
}

/// Exports the remaining spans and stops the exporter; called last at shutdown.
pub async fn flush_spans() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Running { stopping, task }) = running else { return };
    stopping.cancel();
    if tokio::time::timeout(FLUSH_TIMEOUT, task).await.is_err() {
        warn!("the last spans were not exported in time");
    }
}

/// The service name of exported spans: as configured, or the name of the program.
fn service_name(config: &TelemetryConfig) -> String {
    let configured = config.otel_service_name.clone();
    let program = || Some(std::env::current_exe().ok()?.file_stem()?.to_string_lossy().into_owned());
    configured.or_else(program).unwrap_or_else(|| "chipin".to_owned())
}

#[cfg(test)]
mod tests {
    use crate::config::TelemetryConfig;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Config {
        #[command(flatten)]
        telemetry: TelemetryConfig,
    }

    #[test]
    fn only_plain_http_endpoints_are_accepted() {
        let parse =
            |endpoint: &str| Config::try_parse_from(["program".to_owned(), format!("--otlp-endpoint={endpoint}")]);
        let config = parse("http://localhost:4318/").unwrap();
        assert!(super::exporter(config.telemetry.otlp_endpoint.unwrap().as_str(), "test".into()).is_ok());
        for endpoint in
            ["https://localhost:4318", "localhost:4318", "grpc://localhost:4317", "http://user:password@localhost:4318"]
        {
            assert!(parse(endpoint).is_err(), "{endpoint}");
        }
    }
}
