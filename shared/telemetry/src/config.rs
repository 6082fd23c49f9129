//! The configuration of logs and spans.

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Coloured text, for people.
    Text,
}

/// Logs and spans.
#[derive(Clone, Debug, clap::Args)]
pub struct TelemetryConfig {
    /// Format of log lines.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,

    /// Log filter: a level, or targets with levels, e.g. `info,rabbit_outbox=debug`.
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub log_filter: String,

    /// Collector that receives spans by OTLP over HTTP, e.g. `http://localhost:4318`; without it spans are not
    /// exported.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,

    /// Service name of exported spans; by default the name of the program.
    #[arg(long, env = "OTEL_SERVICE_NAME")]
    pub otel_service_name: Option<String>,
}
