//! Finished spans go to a collector by OTLP over HTTP, when the process is told of one.

mod batches;
mod client;
mod data;

use crate::config::ProcessConfig;
use batches::Exporting;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Spans that wait to be sent: a second of a busy process. One more and it is dropped.
const QUEUE_MAX: usize = 8192;
/// Longest wait for the collector's answer.
const SEND_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for the last spans of a process that ends.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);
/// Where collectors take spans, below their endpoint.
///
/// Source: OTLP specification 1.10, "OTLP/HTTP request".
const TRACES_PATH: &str = "/v1/traces";

/// The exporter of this process, while there is one.
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

struct Running {
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

/// Why spans can't be exported.
#[derive(Debug, thiserror::Error)]
pub enum SpansError {
    /// Only plain HTTP is spoken.
    #[error("OTEL_EXPORTER_OTLP_ENDPOINT `{0}` does not begin with http://")]
    Scheme(String),
    /// The library does not like the endpoint, or another of its variables.
    #[error("set up the exporter of spans")]
    Build(#[source] ExporterBuildError),
    /// It was started twice.
    #[error("start the exporter of spans")]
    Twice(#[source] trace::AlreadyInstalled),
}

/// Starts to export spans if the process is told where to. Needs a running runtime then.
///
/// # Errors
/// [`SpansError`] when the endpoint is wrong, or at a second start.
pub(crate) fn start(config: &ProcessConfig) -> Result<(), SpansError> {
    let Some(endpoint) = config.otlp_endpoint.as_deref().map(str::trim).filter(|endpoint| !endpoint.is_empty()) else {
        return Ok(());
    };
    let exporter = exporter(endpoint, service_name(config))?;
    let finished = trace::install(QUEUE_MAX).map_err(SpansError::Twice)?;
    let stopping = CancellationToken::new();
    let task = tokio::spawn(Exporting::new(exporter, endpoint).run(finished, stopping.clone()));
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(Running { stopping, task });
    Ok(())
}

/// The library's exporter; it reads `OTEL_EXPORTER_OTLP_HEADERS` by itself.
fn exporter(endpoint: &str, service: String) -> Result<SpanExporter, SpansError> {
    if !endpoint.starts_with("http://") {
        return Err(SpansError::Scheme(endpoint.to_owned()));
    }
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(client::Client::new(SEND_TIMEOUT))
        .with_endpoint(format!("{}{TRACES_PATH}", endpoint.trim_end_matches('/')))
        .with_timeout(SEND_TIMEOUT)
        .build()
        .map_err(SpansError::Build)?;
    exporter.set_resource(&Resource::builder_empty().with_service_name(service).build());
    Ok(exporter)
}

/// Sends what is left and ends the exporter: the last thing a process does.
pub(crate) async fn flush() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Running { stopping, task }) = running else { return };
    stopping.cancel();
    if tokio::time::timeout(FLUSH_TIMEOUT, task).await.is_err() {
        warn!("the collector did not take the last spans in time");
    }
}

/// As whom the process exports: what the operator says, else the name of the program.
fn service_name(config: &ProcessConfig) -> String {
    let told = config.otel_service_name.clone().filter(|name| !name.is_empty());
    let program = || Some(std::env::current_exe().ok()?.file_stem()?.to_string_lossy().into_owned());
    told.or_else(program).unwrap_or_else(|| "chipin".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_is_taken_for_an_endpoint() {
        assert!(exporter("http://localhost:4318/", "test".into()).is_ok());
        for endpoint in ["https://localhost:4318", "localhost:4318", "grpc://localhost:4317"] {
            assert!(matches!(exporter(endpoint, "test".into()), Err(SpansError::Scheme(_))), "{endpoint}");
        }
    }
}
