//! Configuration shared by all programs; each program flattens it into its own.

use configuration::Seconds;
use std::time::Duration;
use telemetry::config::TelemetryConfig;

pub use configuration::parse;

/// Logging, spans and shutdown.
#[derive(Clone, Debug, clap::Args)]
pub struct ProcessConfig {
    /// Logs and spans.
    #[command(flatten)]
    pub telemetry: TelemetryConfig,

    /// Seconds that requests, WebSockets and messages in flight have to finish after SIGTERM.
    #[arg(long, env = "SHUTDOWN_SECS", default_value = "20")]
    pub shutdown_secs: Seconds<0>,
}

impl ProcessConfig {
    /// The time that requests, WebSockets and messages in flight have to finish.
    pub fn shutdown_timeout(&self) -> Duration {
        self.shutdown_secs.duration()
    }
}

/// Subcommands; without one, the program serves.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum Command {
    /// Requests /readyz of the running program and exits with 0 if it is ready: for container health checks.
    Healthcheck,
}
