//! Why a service could not start.

use http_server::serve::ListenError;
use identity::MissingGatewayKeys;
use postgres::DatabaseUrlError;
use std::io;
use telemetry::TelemetryError;
use tls::{ConnectTlsError, ListenTlsError};

/// Why a service could not start. Its text names the variable that is wrong, and its value unless that is secret.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Logs, metrics or spans could not be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// `DATABASE_URL` or `DATABASE_READ_URL` is refused by the client library.
    #[error(transparent)]
    Database(#[from] DatabaseUrlError),
    /// Without `GATEWAY_KEYS` a service listens on loopback only.
    #[error(transparent)]
    GatewayKeys(#[from] MissingGatewayKeys),
    /// The certificate can't be used, or `LISTEN_ADDR` needs one.
    #[error(transparent)]
    ListenTls(#[from] ListenTlsError),
    /// A server needs TLS, or the authorities can't be used.
    #[error(transparent)]
    ConnectTls(#[from] ConnectTlsError),
    /// `LISTEN_ADDR` is in use, or not an address of this machine.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Signals cannot be received.
    #[error("install the signal handlers")]
    Signals(#[source] io::Error),
}
