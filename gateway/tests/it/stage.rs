//! A gateway on free ports, in front of the given services.

use crate::service::Service;
use axum::Router;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};
use gateway::config::Config;
use gateway::limits::Limits;
use gateway::program::{Listening, StartError, start};
use metrics_exporter_prometheus::PrometheusHandle;
use process::Process;
use std::net::SocketAddr;
use std::sync::OnceLock;

/// The origin that the gateway of every stage allows.
pub(crate) const ORIGIN: &str = "http://localhost:8080";

const SERVICES: [&str; 5] = ["orders", "payments", "ocr", "router", "users"];

/// The key of a service in tests.
pub(crate) fn key(name: &str) -> String {
    format!("{name}-0123456789abcdef0123456789abcdef")
}

/// A running gateway; it stops when dropped.
pub(crate) struct Stage {
    pub(crate) api: SocketAddr,
    pub(crate) ui: SocketAddr,
    pub(crate) links: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) process: Process,
}

/// A gateway that is not running yet.
pub(crate) struct Plan {
    arguments: Vec<String>,
    limits: Limits,
}

/// A gateway whose services are all at `address`.
pub(crate) fn before(address: SocketAddr) -> Plan {
    let urls = SERVICES.map(|name| format!("--{name}-url=http://{address}"));
    let fixed = [
        "gateway",
        "--api-addr=127.0.0.1:0",
        "--ui-addr=127.0.0.1:0",
        "--links-addr=127.0.0.1:0",
        "--metrics-addr=127.0.0.1:0",
        "--share-base-url=http://localhost:8090",
        "--allowed-origins=http://localhost:8080",
    ];
    Plan { arguments: fixed.map(str::to_owned).into_iter().chain(urls).collect(), limits: Limits::default() }
}

/// A gateway in front of a service that echoes every body.
pub(crate) async fn echoing() -> (Stage, Service) {
    let service = Service::echo().await;
    (before(service.address).start().await, service)
}

/// A gateway in front of a service with these routes.
pub(crate) async fn before_router(router: Router) -> (Stage, Service) {
    let service = Service::start(|_| router).await;
    (before(service.address).start().await, service)
}

impl Plan {
    /// With another command line argument; the last one of a name counts.
    pub(crate) fn with(mut self, argument: &str) -> Self {
        let name = argument.split('=').next().unwrap_or_default().to_owned();
        self.arguments.retain(|earlier| !earlier.starts_with(&name));
        self.arguments.push(argument.to_owned());
        self
    }

    /// With the keys that `jwt` mode needs.
    pub(crate) fn with_keys(self) -> Self {
        let named = SERVICES.map(|name| format!("--{name}-key={}", key(name)));
        let plan = named.iter().fold(self, |plan, argument| plan.with(argument));
        plan.with(&format!("--ticket-keys={}", key("ticket")))
    }

    /// With other limits.
    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }

    /// Starts it.
    pub(crate) async fn start(self) -> Stage {
        self.try_start().await.unwrap()
    }

    /// The configuration. Every address is an argument: a default one may be that of a running product.
    fn config(&self) -> Config {
        let command = Config::command();
        let matches = command.clone().get_matches_from(&self.arguments);
        let names = command.get_arguments().map(|argument| argument.get_id().as_str());
        for name in names.filter(|name| name.ends_with("_url") || name.ends_with("_addr")) {
            let source = matches.value_source(name);
            assert!(matches!(source, None | Some(ValueSource::CommandLine)), "{name} is not given: {source:?}");
        }
        Config::from_arg_matches(&matches).unwrap()
    }

    /// Without an argument.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.arguments.retain(|argument| !argument.starts_with(name));
        self
    }

    /// Starts it, or returns the error.
    pub(crate) async fn try_start(self) -> Result<Stage, StartError> {
        let config = self.config();
        let process = Process::default();
        let metrics = metrics(&config);
        let Listening { api, ui, links, metrics: monitored } = start(config, self.limits, metrics, &process).await?;
        Ok(Stage { api, ui, links, metrics: monitored.unwrap(), process })
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.process.stopping().cancel();
    }
}

/// The recorder is shared by the whole test program.
fn metrics(config: &Config) -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS
        .get_or_init(|| {
            let mut process = config.process.clone();
            process.telemetry.log_filter = "off".parse().unwrap();
            telemetry::start(&process.telemetry).unwrap()
        })
        .clone()
}
