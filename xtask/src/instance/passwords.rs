//! The passwords of the services' roles and broker users: random, made at the first start, kept.

use std::path::Path;

use servers::{BrokerUser, kept_secret};

use crate::failure::{Doing, Failure};

/// One password for each role and user.
#[derive(Clone, Debug)]
pub(crate) struct Passwords {
    pub(crate) orders_db: String,
    pub(crate) payments_db: String,
    pub(crate) orders_amqp: String,
    pub(crate) payments_amqp: String,
}

impl Passwords {
    /// The passwords kept in `folder`, readable by their owner only.
    ///
    /// # Errors
    /// Fails if they can neither be read nor written.
    pub(crate) fn kept_in(folder: &Path) -> Result<Self, Failure> {
        let kept = |name: &str| {
            let path = folder.join(name);
            kept_secret(&path).doing(format!("keep a password in {}", path.display()))
        };
        Ok(Self {
            orders_db: kept("orders-db")?,
            payments_db: kept("payments-db")?,
            orders_amqp: kept("orders-amqp")?,
            payments_amqp: kept("payments-amqp")?,
        })
    }

    /// The broker users, each with the names it may touch. deploy/rabbitmq has the same for compose.
    pub(crate) fn broker_users(&self) -> Vec<BrokerUser> {
        vec![
            broker_user("orders", &self.orders_amqp, "payments"),
            broker_user("payments", &self.payments_amqp, "orders"),
        ]
    }
}

/// A service declares and writes its own names only, and reads the events of those it listens to.
fn broker_user(name: &str, password: &str, listens_to: &str) -> BrokerUser {
    BrokerUser {
        name: name.to_owned(),
        password: password.to_owned(),
        configure: format!(r"^{name}(\..*)?$"),
        write: format!(r"^{name}(\..*)?$"),
        read: format!(r"^({name}(\..*)?|{listens_to})$"),
        administrator: false,
    }
}
