//! A variable of earlier releases, whose value stops the start.

use std::fmt;
use std::str::FromStr;

/// The secret that all programs shared in earlier releases. Each of them could sign as the gateway, so no program takes
/// it any more.
#[derive(Clone)]
pub enum RetiredSecret {}

/// The variable is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must not be set any more, because each service has its own key now: set GATEWAY_KEYS for each service, and for the \
     gateway TICKET_KEYS and the keys of the services, ORDERS_KEY and so on, all different (`openssl rand -hex 32`)"
)]
pub struct Retired;

impl FromStr for RetiredSecret {
    type Err = Retired;

    fn from_str(_: &str) -> Result<Self, Retired> {
        Err(Retired)
    }
}

impl fmt::Debug for RetiredSecret {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
