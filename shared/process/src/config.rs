//! Configuration shared by all programs; each program flattens it into its own.

use clap::Parser;
use std::ffi::OsString;
use std::time::Duration;
use telemetry::config::TelemetryConfig;

/// Logging, spans and shutdown.
#[derive(Clone, Debug, clap::Args)]
pub struct ProcessConfig {
    /// Logs and spans.
    #[command(flatten)]
    pub telemetry: TelemetryConfig,

    /// Seconds that requests, WebSockets and messages in flight have to finish after SIGTERM.
    #[arg(long, env = "SHUTDOWN_SECS", default_value_t = 20)]
    pub shutdown_secs: u64,
}

impl ProcessConfig {
    /// The time that requests, WebSockets and messages in flight have to finish.
    pub fn shutdown_timeout(&self) -> Duration {
        Duration::from_secs(self.shutdown_secs)
    }
}

/// Parses the command line and the environment of a program.
///
/// A secret `NAME` may also be given as a file, as container runtimes provide it: `NAME_FILE=/run/secrets/name`.
pub fn parse<C: Parser>() -> C {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    match secrets_from_files(&C::command(), |name| std::env::var_os(name)) {
        Ok(secrets) => {
            arguments.splice(1..1, secrets);
            C::parse_from(arguments)
        }
        Err(failure) => C::command().error(clap::error::ErrorKind::Io, failure).exit(),
    }
}

/// `--name=value` for each secret that is given as a file.
fn secrets_from_files(
    command: &clap::Command,
    variable: impl Fn(&OsString) -> Option<OsString>,
) -> Result<Vec<OsString>, String> {
    let mut arguments = vec![];
    for argument in command.get_arguments().filter(|argument| argument.is_hide_env_values_set()) {
        let (Some(name), Some(long)) = (argument.get_env(), argument.get_long()) else { continue };
        let mut file_name = name.to_owned();
        file_name.push("_FILE");
        let Some(file) = variable(&file_name) else { continue };
        let shown_name = file_name.to_string_lossy();
        if variable(&name.to_owned()).is_some() {
            return Err(format!("{shown_name} and the variable without _FILE are both set: set only one of them"));
        }
        let secret = std::fs::read_to_string(&file)
            .map_err(|failure| format!("read {shown_name} {}: {failure}", file.to_string_lossy()))?;
        arguments.push(format!("--{long}={}", secret.trim_end_matches(['\r', '\n'])).into());
    }
    Ok(arguments)
}

/// Subcommands; without one, the program serves.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub enum Command {
    /// Requests /readyz of the running program and exits with 0 if it is ready: for container health checks.
    Healthcheck,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_be_a_file() {
        #[derive(Debug, Parser)]
        struct Config {
            #[arg(long, env = "GATEWAY_SECRET", hide_env_values = true)]
            _gateway_secret: Option<String>,
        }
        use clap::CommandFactory;
        let file = std::env::temp_dir().join(format!("chipin-secret-{}", std::process::id()));
        std::fs::write(&file, "0123456789abcdef0123456789abcdef\n").unwrap();
        let of_file = |name: &OsString| (name == "GATEWAY_SECRET_FILE").then(|| file.clone().into_os_string());
        let arguments = secrets_from_files(&Config::command(), of_file).unwrap();
        assert_eq!(arguments, ["--gateway-secret=0123456789abcdef0123456789abcdef"]);
        let both = secrets_from_files(&Config::command(), |_: &OsString| Some(file.clone().into_os_string()));
        assert!(both.unwrap_err().contains("both"));
        std::fs::remove_file(&file).unwrap();
        let missing = secrets_from_files(&Config::command(), |name: &OsString| {
            (name == "GATEWAY_SECRET_FILE").then(|| file.clone().into_os_string())
        });
        assert!(missing.unwrap_err().contains("GATEWAY_SECRET_FILE"));
    }
}
