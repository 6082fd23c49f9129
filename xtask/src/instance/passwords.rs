//! The passwords of the services' roles and broker users: random, made at the first start, kept.

use std::collections::BTreeMap;
use std::path::Path;

use servers::{BrokerUser, stored_secret};

use crate::failure::{Doing, Failure};

/// A service with a schema and a broker user of its own, and the exchanges that it listens to.
const SERVICES: [(&str, &[&str]); 5] = [
    ("orders", &["payments"]),
    ("payments", &["orders", "router", "users"]),
    ("ocr", &["router"]),
    ("router", &["ocr", "payments"]),
    ("users", &[]),
];

/// What the gateway signs with, for whom it calls.
const GATEWAY: &str = "gateway";

/// Two passwords for each service: of its role in the database, and of its broker user; and what the gateway signs with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passwords(BTreeMap<String, String>);

impl Passwords {
    /// The passwords kept in `folder`, readable by their owner only.
    ///
    /// # Errors
    /// Fails if they can neither be read nor written.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, Failure> {
        let names = SERVICES.iter().flat_map(|(service, _)| [format!("{service}-db"), format!("{service}-amqp")]);
        let names = names.chain([GATEWAY.to_owned()]);
        let kept = names.map(|name| {
            let path = folder.join(&name);
            let secret = stored_secret(&path).doing(format!("keep a password in {}", path.display()))?;
            Ok((name, secret))
        });
        kept.collect::<Result<_, _>>().map(Self)
    }

    /// The password of a service's role.
    pub(crate) fn of_role(&self, service: &str) -> &str {
        self.0.get(&format!("{service}-db")).map_or("", String::as_str)
    }

    /// The password of a service's broker user.
    pub(crate) fn of_broker_user(&self, service: &str) -> &str {
        self.0.get(&format!("{service}-amqp")).map_or("", String::as_str)
    }

    /// What the gateway signs with.
    pub(crate) fn of_gateway(&self) -> &str {
        self.0.get(GATEWAY).map_or("", String::as_str)
    }

    /// What `migrations` needs to know: `ORDERS_DB_PASSWORD` and so on.
    pub(crate) fn of_roles(&self) -> impl Iterator<Item = (String, &str)> {
        SERVICES.iter().map(|(service, _)| (format!("{}_DB_PASSWORD", service.to_uppercase()), self.of_role(service)))
    }

    /// The broker users, each with the names it may touch. deploy/rabbitmq has the same for compose.
    pub(crate) fn broker_users(&self) -> Vec<BrokerUser> {
        SERVICES
            .iter()
            .map(|(service, listens_to)| broker_user(service, self.of_broker_user(service), listens_to))
            .collect()
    }
}

/// A service declares and writes its own names only, and reads the events of those it listens to.
fn broker_user(name: &str, password: &str, listens_to: &[&str]) -> BrokerUser {
    let own = format!(r"{name}(\..*)?");
    BrokerUser {
        name: name.to_owned(),
        password: password.to_owned(),
        configure: format!(r"^{name}(\..*)?$"),
        write: format!(r"^{name}(\..*)?$"),
        read: format!(r"^({})$", [&[own.as_str()], listens_to].concat().join("|")),
        administrator: false,
    }
}
