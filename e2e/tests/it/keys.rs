//! The keys that the gateway shares with each service.

use testkit::{Program, services};

/// The key of a service, or of tickets.
pub(crate) fn key(name: &str) -> String {
    format!("{name}-0123456789abcdef0123456789abcdef")
}

/// A service that accepts requests of the gateway only.
pub(crate) fn behind_gateway(name: &str, service: Program) -> Program {
    service.with("GATEWAY_KEYS", &key(name))
}

/// A gateway with the keys of all services.
pub(crate) fn with_keys(gateway: Program) -> Program {
    let gateway = gateway.with("TICKET_KEYS", &key("ticket"));
    services().fold(gateway, |gateway, name| gateway.with(&format!("{}_KEY", name.to_uppercase()), &key(name)))
}
