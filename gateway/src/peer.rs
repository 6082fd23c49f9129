//! The other end of a client's connection.

use http::HeaderValue;
use std::net::{IpAddr, SocketAddr};

/// Where a client connects from; the same for all requests of its connection.
pub(crate) struct Peer {
    address: SocketAddr,
    ip_text: HeaderValue,
}

impl Peer {
    /// The client at `address`.
    pub(crate) fn at(address: SocketAddr) -> Self {
        // Hexadecimal digits, dots and colons are always a header value.
        let ip_text = HeaderValue::try_from(address.ip().to_string());
        Self { address, ip_text: ip_text.unwrap_or(HeaderValue::from_static("unknown")) }
    }

    /// Its address and port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address.
    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// Its address as services are told it.
    pub(crate) fn ip_text(&self) -> &HeaderValue {
        &self.ip_text
    }
}
