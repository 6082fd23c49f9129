//! The passwords of the services' database roles and broker users, and the keys of the gateway: random, created at the
//! first start, stored.

use std::collections::BTreeMap;
use std::path::Path;

use servers::{BrokerUser, stored_secret};

use crate::failure::{Doing, Failure};
use crate::services::SERVICES;

/// Name of the key with which the gateway signs tickets.
const TICKETS: &str = "tickets";

/// For each service, the passwords of its database role and its broker user, and the key that the gateway shares with it;
/// and the gateway's key of tickets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passwords(BTreeMap<String, String>);

impl Passwords {
    /// Loads or creates the passwords in `folder`, readable only by their owner.
    ///
    /// # Errors
    /// Fails if they can neither be read nor written.
    pub(crate) fn load_or_create(folder: &Path) -> Result<Self, Failure> {
        servers::private_folder(folder).doing(format!("make {}", folder.display()))?;
        let of_service = |name: &str| [format!("{name}-db"), format!("{name}-amqp"), format!("{name}-gateway")];
        let names = SERVICES.iter().flat_map(|service| of_service(service.name)).chain([TICKETS.to_owned()]);
        let passwords = names.map(|name| {
            let path = folder.join(&name);
            let secret = stored_secret(&path).doing(format!("keep a password in {}", path.display()))?;
            Ok((name, secret))
        });
        passwords.collect::<Result<_, _>>().map(Self)
    }

    /// The password of a service's database role.
    pub(crate) fn of_role(&self, service: &str) -> &str {
        self.0.get(&format!("{service}-db")).map_or("", String::as_str)
    }

    /// The password of a service's broker user.
    pub(crate) fn of_broker_user(&self, service: &str) -> &str {
        self.0.get(&format!("{service}-amqp")).map_or("", String::as_str)
    }

    /// The key with which the gateway signs its requests to a service.
    pub(crate) fn key_of(&self, service: &str) -> &str {
        self.0.get(&format!("{service}-gateway")).map_or("", String::as_str)
    }

    /// The key with which the gateway signs tickets.
    pub(crate) fn key_of_tickets(&self) -> &str {
        self.0.get(TICKETS).map_or("", String::as_str)
    }

    /// Environment variables for `migrations`: `ORDERS_DB_PASSWORD` and so on.
    pub(crate) fn of_roles(&self) -> impl Iterator<Item = (String, &str)> {
        SERVICES.iter().map(|service| (service.password_variable(), self.of_role(service.name)))
    }

    /// The broker users with their permissions. deploy/rabbitmq has the same users for compose.
    pub(crate) fn broker_users(&self) -> Vec<BrokerUser> {
        SERVICES
            .iter()
            .map(|service| broker_user(service.name, self.of_broker_user(service.name), service.subscribes_to))
            .collect()
    }
}

/// A service may configure and write only its own names, and read the events of the exchanges it subscribes to.
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
