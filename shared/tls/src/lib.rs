//! TLS of every program: its certificate, the authorities that it trusts, and where it may do without.
//!
//! Within a machine, programs speak plain text. Beyond loopback they refuse to, unless the configuration names what
//! encrypts instead: [`ListenTls`] for connections from others, [`ConnectTls`] for those to others.

mod connect;
mod listen;
mod listen_error;

mod certificate;
mod client;
mod pem;
mod server;

mod socket;
mod stream;

pub use client::ClientTls;
pub use connect::{ConnectTls, ConnectTlsError, PlaintextTo};
pub use listen::ListenTls;
pub use listen_error::ListenTlsError;
pub use pem::PemFileError;
pub use server::ServerTls;
pub use socket::Socket;
pub use stream::Stream;
