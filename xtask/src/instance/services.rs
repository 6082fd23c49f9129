//! The services: their programs, variables and ports.

use std::process::Command;

use servers::{Daemon, Launch, StartError};

use crate::checkout::variable;
use crate::instance::backing::Backing;
use crate::instance::plan::Plan;

/// The packages of the system.
pub(crate) const PROGRAMS: [&str; 7] =
    ["gateway", "orders-service", "payments-service", "ocr-service", "router-service", "users-service", "migrations"];

/// Configuration of a service process.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    /// The port that serves `/readyz`.
    pub(crate) port: u16,
    environment: Vec<(&'static str, String)>,
}

/// The services of an instance, in start order; they stop in reverse order.
pub(crate) fn services(plan: &Plan, backing: &Backing) -> Vec<Service> {
    let ports = plan.services;
    let share_base_url = format!("http://localhost:{}", ports.links);
    let cheques = || vec![("REDIS_URL", backing.redis_url()), ("SHARE_BASE_URL", share_base_url.clone())];
    let keys = ("KEYS_DIR", plan.keys().display().to_string());
    let demo_users = ("DEMO_USERS", plan.requires_sign_in().to_string());
    let photos = ("PHOTOS_DIR", plan.photos().display().to_string());
    let sockets = plan.live_sockets_per_user.map(|limit| ("LIVE_SOCKETS_PER_USER", limit.to_string()));
    vec![
        backend(backing, "orders", "orders-service", ports.orders, sockets.into_iter().collect()),
        backend(backing, "payments", "payments-service", ports.payments, vec![]),
        backend(backing, "ocr", "ocr-service", ports.ocr, [cheques(), vec![photos]].concat()),
        backend(backing, "router", "router-service", ports.router, cheques()),
        backend(backing, "users", "users-service", ports.users, vec![keys, demo_users]),
        gateway(plan, backing, share_base_url.clone()),
    ]
}

/// A service with its own schema and broker user.
fn backend(
    backing: &Backing,
    schema: &str,
    name: &'static str,
    port: u16,
    more: Vec<(&'static str, String)>,
) -> Service {
    let passwords = backing.passwords();
    let role = format!("{schema}_service");
    let mut environment = vec![
        ("LISTEN_ADDR", format!("127.0.0.1:{port}")),
        ("DATABASE_URL", backing.database_url_of(&role, passwords.of_role(schema))),
        ("AMQP_URL", backing.amqp_url_of(schema, passwords.of_broker_user(schema))),
        ("GATEWAY_SECRET", passwords.of_gateway().to_owned()),
    ];
    environment.extend(more);
    Service { name, port, environment }
}

fn gateway(plan: &Plan, backing: &Backing, share_base_url: String) -> Service {
    let ports = plan.services;
    let local = |port: u16| format!("http://127.0.0.1:{port}");
    let pages = |port: u16| format!("http://localhost:{port},http://127.0.0.1:{port}");
    let mut environment = vec![
        ("API_ADDR", format!("127.0.0.1:{}", ports.api)),
        ("UI_ADDR", format!("127.0.0.1:{}", ports.ui)),
        ("LINKS_ADDR", format!("127.0.0.1:{}", ports.links)),
        ("SHARE_BASE_URL", share_base_url),
        ("ORDERS_URL", local(ports.orders)),
        ("PAYMENTS_URL", local(ports.payments)),
        ("OCR_URL", local(ports.ocr)),
        ("ROUTER_URL", local(ports.router)),
        ("USERS_URL", local(ports.users)),
        ("AUTH_MODE", plan.auth_mode.clone()),
        ("DEMO_USERS", plan.requires_sign_in().to_string()),
        ("GATEWAY_SECRET", backing.passwords().of_gateway().to_owned()),
        ("REDIS_URL", backing.redis_url()),
        ("ALLOWED_ORIGINS", format!("{},{}", pages(ports.ui), pages(ports.links))),
    ];
    environment.extend(backing.console_url().map(|url| ("CONSOLE_URL", url)));
    Service { name: "gateway", port: ports.api, environment }
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
