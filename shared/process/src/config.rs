//! Configuration shared by all programs; each program flattens it into its own.

use configuration::Seconds;
use rustix::fs::Mode;
use std::time::Duration;
use telemetry::config::TelemetryConfig;

/// Reads the configuration of a program, as [`configuration::parse`] does. Before, it makes all files that the program will
/// create readable only for their owner.
pub fn parse<C: clap::Parser>() -> C {
    make_new_files_private();
    configuration::parse()
}

fn make_new_files_private() {
    rustix::process::umask(Mode::RWXG | Mode::RWXO);
}

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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn new_files_are_readable_only_for_their_owner() {
        super::make_new_files_private();
        let file = std::env::temp_dir().join(format!("process-private-{}", std::process::id()));
        std::fs::write(&file, "").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_file(&file).unwrap();
    }
}
