//! The services, declared once: the other lists of this crate are derived from this one.

use clap::ValueEnum;
use clap::builder::PossibleValue;

/// A service with its own schema, exchange and path at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// The name of its schema, its exchange and its broker user.
    pub(crate) name: &'static str,
    /// Its package and program.
    pub(crate) package: &'static str,
    /// The port on which it listens by default.
    pub(crate) port: u16,
    /// Its path prefix at the gateway.
    pub(crate) prefix: &'static str,
    /// The exchanges that it subscribes to.
    pub(crate) subscribes_to: &'static [&'static str],
}

/// All services, in start order.
pub(crate) static SERVICES: &[Service] = &[
    service("orders", "orders-service", 8001, "/orders", &["payments"]),
    service("payments", "payments-service", 8002, "/payments", &["orders", "router", "users"]),
    service("ocr", "ocr-service", 8003, "/ocr", &["router"]),
    service("router", "router-service", 8005, "/small-router", &["ocr", "payments"]),
    service("users", "users-service", 8004, "/users", &[]),
];

impl Service {
    /// The variable of the gateway with the URL of the service: `ORDERS_URL`.
    pub(crate) fn url_variable(&self) -> String {
        format!("{}_URL", self.name.to_uppercase())
    }

    /// The variable of the gateway with the key of the service: `ORDERS_KEY`.
    pub(crate) fn key_variable(&self) -> String {
        format!("{}_KEY", self.name.to_uppercase())
    }

    /// The variable of `migrations` with the password of the service's role: `ORDERS_DB_PASSWORD`.
    pub(crate) fn password_variable(&self) -> String {
        format!("{}_DB_PASSWORD", self.name.to_uppercase())
    }
}

/// All programs of the system.
pub(crate) fn programs() -> impl Iterator<Item = &'static str> {
    ["gateway"].into_iter().chain(SERVICES.iter().map(|service| service.package)).chain(["migrations"])
}

impl ValueEnum for Service {
    fn value_variants<'a>() -> &'a [Self] {
        SERVICES
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name))
    }
}

const fn service(
    name: &'static str,
    package: &'static str,
    port: u16,
    prefix: &'static str,
    subscribes_to: &'static [&'static str],
) -> Service {
    Service { name, package, port, prefix, subscribes_to }
}
