//! Whether a `Host` may be the result of DNS rebinding.
//!
//! In development the only protection is that other machines can't connect. A web page can bypass it: after it has
//! loaded, it points its own host name at 127.0.0.1 (DNS rebinding), so that it is of the same origin and may set
//! `X-User-ID`. This is not possible for an IP address, for `localhost`, or for a name without dots.

use crate::origins::Origins;
use http::uri::Authority;
use std::net::Ipv6Addr;

/// Whether `host` is a public name that does not belong to an allowed origin.
pub(super) fn is_rebindable(host: &str, origins: &Origins) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return true;
    };
    let name = authority.host().to_ascii_lowercase();
    let is_ipv6 = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    let is_ipv4 = name.parse::<std::net::Ipv4Addr>().is_ok();
    let is_local = !name.contains('.') || name.ends_with(".localhost");
    !(is_ipv4 || is_ipv6 || is_local || origins.has_host(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_name_must_be_that_of_an_allowed_origin() {
        let origins: Origins = "https://chipin.example".parse().unwrap();
        for host in [
            "localhost",
            "localhost:8000",
            "127.0.0.1:8000",
            "[::1]:8000",
            "gateway:8000",
            "app.localhost:1",
            "chipin.example",
            "Chipin.Example:443",
        ] {
            assert!(!is_rebindable(host, &origins), "{host}");
        }
        for host in ["evil.example:8000", "127.0.0.1.evil.example", "localhost.", "chipin.example.evil"] {
            assert!(is_rebindable(host, &origins), "{host}");
        }
    }
}
