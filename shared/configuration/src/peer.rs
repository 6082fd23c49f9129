//! The other end of a connection, as a URL names it.

use std::net::IpAddr;

/// The other end of a connection, as a URL names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name or address. `None` for a socket in the file system.
    pub host: Option<String>,
    /// Whether the connection uses TLS and verifies the certificate and the name in it.
    pub is_verified: bool,
}

impl Peer {
    /// Whether what is sent stays on this machine.
    pub fn is_local(&self) -> bool {
        self.host.as_deref().is_none_or(is_loopback)
    }
}

/// Whether a host is this machine, by its name or address. An IPv6 address may have brackets, as in URLs.
pub fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
