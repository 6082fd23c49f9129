//! Why a session of the relay ended.

use super::flight::CONFIRM_TIMEOUT;
use crate::broker::{BoxError, BrokerError};

/// Why a session of the relay ended; the next one begins after a delay.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    /// The session that holds the lanes broke: they belong to another relay now.
    #[error("{doing} on the relay's session")]
    Database {
        /// The operation that failed.
        doing: &'static str,
        /// The database's error.
        source: sqlx::Error,
    },
    /// The provider of the database's address or credentials failed.
    #[error("get the database's address")]
    DatabaseProvider(#[source] BoxError),
    /// No channel could be opened.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// The channel broke while messages were unconfirmed.
    #[error("publish")]
    Publish(#[source] lapin::Error),
    /// Nothing arrived on the channel in time; the messages may or may not have been delivered.
    #[error("wait for confirms within {} s", CONFIRM_TIMEOUT.as_secs())]
    ConfirmTimeout,
    /// The channel is not in confirm mode, so an acknowledgement would mean nothing.
    #[error("the channel is not in confirm mode")]
    Unconfirmed,
    /// The database is a standby, or read-only by default: nothing can be deleted there, so nothing is published.
    #[error("the database is read-only")]
    ReadOnly,
    /// Another service keeps its events in this schema.
    #[error("the schema belongs to the service `{owner}`")]
    SchemaOfAnother {
        /// The service that owns the schema.
        owner: String,
    },
    /// Another part of the session has ended, and reports the reason.
    #[error("another part of the relay has ended")]
    Ended,
}

/// Names the operation that failed, for [`RelayError::Database`].
pub(super) fn doing(doing: &'static str) -> impl FnOnce(sqlx::Error) -> RelayError {
    move |source| RelayError::Database { doing, source }
}
