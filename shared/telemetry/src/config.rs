//! The configuration of logs and spans.

use crate::log_filter::LogFilter;
use configuration::{HttpUrl, LogFormat, WrongUrl};

/// Logs and spans.
#[derive(Clone, Debug, clap::Args)]
pub struct TelemetryConfig {
    /// Format of log lines.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,

    /// Log filter: a level, or targets with levels, e.g. `info,rabbit_outbox=debug`.
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub log_filter: LogFilter,

    /// Collector that receives spans by OTLP over HTTP, e.g. `http://localhost:4318`; without it spans are not
    /// exported.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = without_tls)]
    pub otlp_endpoint: Option<HttpUrl>,

    /// Service name of exported spans; by default the name of the program.
    #[arg(long, env = "OTEL_SERVICE_NAME")]
    pub otel_service_name: Option<String>,
}

/// Only plain HTTP is supported.
fn without_tls(text: &str) -> Result<HttpUrl, WrongUrl> {
    HttpUrl::parse_without_tls(text)
}
