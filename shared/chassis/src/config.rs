//! Variables that every program reads; each program flattens them into its own.

use std::time::Duration;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object per line, for machines.
    Json,
    /// Coloured text, for people.
    Text,
}

/// Logging, spans and shutdown.
#[derive(Clone, Debug, clap::Args)]
pub struct ProcessConfig {
    /// How log lines look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "json")]
    pub log_format: LogFormat,

    /// What is logged: a level, or targets with levels, e.g. `info,messaging=debug`.
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub log_filter: String,

    /// Collector that gets the spans of traces by OTLP over HTTP, e.g. `http://localhost:4318`; without it none leave.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,

    /// As whom spans are sent; without it, under the name of the program.
    #[arg(long, env = "OTEL_SERVICE_NAME")]
    pub otel_service_name: Option<String>,

    /// Seconds that requests, sockets and messages in flight get to end after SIGTERM.
    #[arg(long, env = "SHUTDOWN_SECS", default_value_t = 20)]
    pub shutdown_secs: u64,
}

impl ProcessConfig {
    /// The time that requests, sockets and messages in flight get to end.
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_secs)
    }
}

/// What a program is asked to do; without a word it serves.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum Command {
    /// Asks the running program's /readyz and exits with 0 when it is ready: for container health checks.
    Healthcheck,
}
