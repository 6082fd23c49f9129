//! Why a session of the consumer fails.

use crate::broker::BrokerError;
use crate::topology::TopologyError;

/// Why a session of the consumer failed; the next one begins after a delay.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeError {
    /// No channel could be opened.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// The topology could not be declared: something exists with other arguments, or the broker's user has no
    /// permission.
    #[error("declare exchanges, queues and bindings")]
    Declare(#[source] TopologyError),
    /// The inbox could not be bound to an exchange of another service, for another reason than that it does not exist.
    #[error("bind the inbox to the exchanges of other services")]
    Bind(#[source] lapin::Error),
    /// The channel broke; unacknowledged messages are delivered again.
    #[error("consume")]
    Consume(#[source] lapin::Error),
    /// The broker ended the subscription: its queue was deleted, or the broker is shutting down.
    #[error("the broker ended the subscription")]
    Cancelled,
    /// The owner of the schema could not be read.
    #[error("read the owner of the schema")]
    Owner(#[source] sqlx::Error),
}
