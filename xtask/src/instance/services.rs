//! The services: which programs, with which variables, on which ports.

use std::process::Command;

use servers::{Daemon, Launch, StartError};

use crate::checkout::{Checkout, variable};
use crate::instance::backing::Backing;
use crate::instance::plan::Plan;

/// The packages that make up the product.
pub(crate) const PROGRAMS: [&str; 4] = ["gateway", "orders-service", "payments-service", "migrations"];

/// A service that is to run.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    /// The port on which `/readyz` answers.
    pub(crate) port: u16,
    environment: Vec<(&'static str, String)>,
}

/// The services of an instance, in the order in which they start; they stop in the opposite order.
pub(crate) fn services(plan: &Plan, backing: &Backing) -> Vec<Service> {
    let ports = plan.services;
    let passwords = backing.passwords();
    let backend = |name, port: u16, role, db_password: &str, user, amqp_password: &str| Service {
        name,
        port,
        environment: vec![
            ("LISTEN_ADDR", format!("127.0.0.1:{port}")),
            ("DATABASE_URL", backing.database_url_of(role, db_password)),
            ("AMQP_URL", backing.amqp_url_of(user, amqp_password)),
        ],
    };
    let mut gateway = Service {
        name: "gateway",
        port: ports.api,
        environment: vec![
            ("API_ADDR", format!("127.0.0.1:{}", ports.api)),
            ("UI_ADDR", format!("127.0.0.1:{}", ports.ui)),
            ("ORDERS_URL", format!("http://127.0.0.1:{}", ports.orders)),
            ("PAYMENTS_URL", format!("http://127.0.0.1:{}", ports.payments)),
            ("AUTH_MODE", "header".to_owned()),
            ("ALLOWED_ORIGINS", format!("http://localhost:{0},http://127.0.0.1:{0}", ports.ui)),
        ],
    };
    if let Some(url) = backing.console_url() {
        gateway.environment.push(("CONSOLE_URL", url));
    }
    vec![
        backend(
            "orders-service",
            ports.orders,
            "orders_service",
            &passwords.orders_db,
            "orders",
            &passwords.orders_amqp,
        ),
        backend(
            "payments-service",
            ports.payments,
            "payments_service",
            &passwords.payments_db,
            "payments",
            &passwords.payments_amqp,
        ),
        gateway,
    ]
}

impl Service {
    /// Starts the service; it is not ready yet.
    ///
    /// # Errors
    /// As [`Daemon::spawn`].
    pub(crate) fn spawn(&self, plan: &Plan) -> Result<Daemon, StartError> {
        let mut command = Command::new(Checkout::program(self.name, plan.release));
        // A given DATABASE_URL names an administrator, which no service may be.
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
