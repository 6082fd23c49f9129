//! The services: their programs, variables and ports.

use std::process::Command;

use servers::{Daemon, Launch, StartError};

use crate::checkout::variable;
use crate::instance::backing::Backing;
use crate::instance::plan::Plan;
use crate::instance::state::Probe;
use crate::services::{self, SERVICES};

/// Configuration of a service process.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    /// The port that serves `/readyz`.
    pub(crate) port: u16,
    pub(crate) probe: Probe,
    environment: Vec<(String, String)>,
}

/// The services of an instance, in start order; they stop in reverse order.
pub(crate) fn services(plan: &Plan, backing: &Backing) -> Vec<Service> {
    let backends = SERVICES.iter().map(|service| backend(plan, backing, service));
    backends.chain([gateway(plan, backing)]).collect()
}

/// The variables that only this service has.
fn own_variables(plan: &Plan, backing: &Backing, service: &str) -> Vec<(&'static str, String)> {
    let links = || vec![("REDIS_URL", backing.redis_url()), ("SHARE_BASE_URL", share_base_url(plan))];
    match service {
        "orders" => {
            plan.live_sockets_per_user.map(|limit| ("LIVE_SOCKETS_PER_USER", limit.to_string())).into_iter().collect()
        }
        "ocr" => [links(), vec![("PHOTOS_DIR", plan.photos().display().to_string())]].concat(),
        "router" => links(),
        "users" => {
            vec![("KEYS_DIR", plan.keys().display().to_string()), ("DEMO_USERS", plan.requires_sign_in().to_string())]
        }
        _ => vec![],
    }
}

fn share_base_url(plan: &Plan) -> String {
    plan.url("localhost", plan.services.links)
}

/// The certificate, and the authority that every program trusts.
fn tls_variables(plan: &Plan) -> Vec<(&'static str, String)> {
    let Some(files) = plan.tls() else { return vec![] };
    [("TLS_CERTIFICATE_FILE", files.certificate), ("TLS_KEY_FILE", files.key), ("TLS_CA_FILE", files.authority)]
        .map(|(name, file)| (name, file.display().to_string()))
        .into()
}

/// A service with its own schema and broker user.
fn backend(plan: &Plan, backing: &Backing, service: &services::Service) -> Service {
    let (name, port) = (service.name, plan.services.of(service));
    let passwords = backing.passwords();
    let role = format!("{name}_service");
    let mut environment = vec![
        ("LISTEN_ADDR", format!("127.0.0.1:{port}")),
        ("DATABASE_URL", backing.database_url_of(&role, passwords.of_role(name))),
        ("AMQP_URL", backing.amqp_url_of(name, passwords.of_broker_user(name))),
        ("GATEWAY_KEYS", passwords.key_of(name).to_owned()),
    ];
    environment.extend(own_variables(plan, backing, name));
    environment.extend(tls_variables(plan));
    Service { name: service.package, port, probe: probe(plan), environment: named(environment) }
}

fn gateway(plan: &Plan, backing: &Backing) -> Service {
    let ports = &plan.services;
    let pages = |port: u16| format!("{},{}", plan.url("localhost", port), plan.url("127.0.0.1", port));
    let mut environment = vec![
        ("API_ADDR", format!("127.0.0.1:{}", ports.api)),
        ("UI_ADDR", format!("127.0.0.1:{}", ports.ui)),
        ("LINKS_ADDR", format!("127.0.0.1:{}", ports.links)),
        ("METRICS_ADDR", format!("127.0.0.1:{}", ports.metrics)),
        ("SHARE_BASE_URL", share_base_url(plan)),
        ("AUTH_MODE", plan.auth_mode.clone()),
        ("DEMO_USERS", plan.requires_sign_in().to_string()),
        ("TICKET_KEYS", backing.passwords().key_of_tickets().to_owned()),
        ("REDIS_URL", backing.redis_url()),
        ("ALLOWED_ORIGINS", format!("{},{}", pages(ports.ui), pages(ports.links))),
    ];
    environment.extend(backing.console_url().map(|url| ("CONSOLE_URL", url)));
    environment.extend(tls_variables(plan));
    let mut environment = named(environment);
    let urls = SERVICES.iter().map(|service| (service.url_variable(), plan.url("127.0.0.1", ports.of(service))));
    environment.extend(urls);
    let keys = SERVICES.iter().map(|service| (service.key_variable(), backing.passwords().key_of(service.name)));
    environment.extend(keys.map(|(name, key)| (name, key.to_owned())));
    Service { name: "gateway", port: ports.api, probe: probe(plan), environment }
}

fn probe(plan: &Plan) -> Probe {
    if plan.tls().is_some() { Probe::ReadyzTls } else { Probe::Readyz }
}

fn named(environment: Vec<(&str, String)>) -> Vec<(String, String)> {
    environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Service {
    /// Starts the service without waiting until it is ready.
    ///
    /// # Errors
    /// As [`Daemon::spawn`].
    pub(crate) fn spawn(&self, plan: &Plan) -> Result<Daemon, StartError> {
        let mut command = Command::new(plan.program(self.name));
        // A given DATABASE_URL belongs to an administrator, which services must not use.
        for name in ["DATABASE_URL", "DATABASE_READ_URL", "AMQP_URL", "REDIS_URL"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if variable("LOG_FORMAT").is_none() {
            command.env("LOG_FORMAT", "json");
        }
        Daemon::spawn(Launch {
            name: self.name.to_owned(),
            command,
            log: plan.log(self.name),
            append_log: true,
            record: plan.record(self.name),
        })
    }
}
