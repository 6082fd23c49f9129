//! Configuration shared by all programs; each program flattens it into its own.

use crate::gateway_auth::{GatewaySecret, InternalAuth, MissingGatewaySecret};
use clap::Parser;
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// The format of log lines.
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

/// How a service verifies that a request comes from the gateway.
#[derive(Clone, Debug, clap::Args)]
pub struct InternalAuthConfig {
    /// Secret that verifies the internal tokens of the gateway: at least 32 characters, the same for all services.
    /// Without it, which is allowed on loopback addresses only, every client is trusted.
    #[arg(long, env = "GATEWAY_SECRET", hide_env_values = true)]
    pub gateway_secret: Option<GatewaySecret>,
}

impl InternalAuthConfig {
    /// The authentication of requests to a service that listens on `address`.
    ///
    /// # Errors
    /// [`MissingGatewaySecret`] when there is no secret and the address is not loopback.
    pub fn build(&self, address: SocketAddr) -> Result<InternalAuth, MissingGatewaySecret> {
        InternalAuth::new(self.gateway_secret.clone(), address)
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

/// Checks the URL of a broker. RabbitMQ's default user `guest` is accepted on loopback only.
///
/// # Errors
/// A description of the error.
pub fn broker_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("amqp://").or_else(|| text.strip_prefix("amqps://"));
    let rest = rest.ok_or("must begin with amqp:// or amqps://")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (user, host) = authority.rsplit_once('@').unwrap_or(("guest:guest", authority));
    let is_guest = user == "guest" || user.starts_with("guest:");
    if is_guest && !is_loopback(host) {
        return Err("uses the default user guest on a broker that is not on loopback".to_owned());
    }
    Ok(text.to_owned())
}

fn is_loopback(host_and_port: &str) -> bool {
    let name = match host_and_port.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host_and_port.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
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
    fn the_default_user_is_rejected_on_a_broker_beyond_loopback() {
        for url in [
            "amqp://guest:guest@127.0.0.1:5672",
            "amqp://guest:guest@localhost/%2f",
            "amqp://[::1]:5672",
            "amqp://orders:x@rabbitmq",
        ] {
            assert_eq!(broker_url(url).as_deref(), Ok(url));
        }
        for url in
            ["amqp://guest:guest@rabbitmq:5672/%2f", "amqp://rabbitmq", "amqps://guest:x@10.0.0.1", "http://x", ""]
        {
            assert!(broker_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_secret_may_be_a_file() {
        #[derive(Debug, Parser)]
        struct Config {
            #[command(flatten)]
            _internal_auth: InternalAuthConfig,
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
