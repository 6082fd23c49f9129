//! The client's end of a connection.

use http::HeaderValue;
use std::net::{IpAddr, SocketAddr};

/// The address of a client; the same for all requests of a connection.
pub(crate) struct Peer {
    address: SocketAddr,
    ip_text: HeaderValue,
}

impl Peer {
    /// The client at `address`.
    pub(crate) fn at(address: SocketAddr) -> Self {
        // Hexadecimal digits, dots and colons are always a valid header value.
        let ip_text = HeaderValue::try_from(address.ip().to_string());
        Self { address, ip_text: ip_text.unwrap_or(HeaderValue::from_static("unknown")) }
    }

    /// The IP address and port.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The IP address.
    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// The IP address as a header value.
    pub(crate) fn ip_text(&self) -> &HeaderValue {
        &self.ip_text
    }
}
