//! Ports on loopback: a preferred one, a required one, or any free one.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::StartError;

/// Free ports are taken from below the kernel's range for outgoing connections (32768 and up). Otherwise a client that
/// reconnects while its server restarts could get the server's port as its source port.
const FREE_RANGE: std::ops::Range<u16> = 20_000..32_000;

/// The port to use for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// This one, or the start fails.
    Exactly(u16),
    /// This one, or any free one if it is in use.
    Prefer(u16),
    /// Any free one.
    Free,
}

/// Whether no process listens on `port` of loopback.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Picks a port. It is free now but not reserved, so the server should bind it soon.
///
/// # Errors
/// [`StartError::PortTaken`] if the required port is in use, or no port is free.
pub fn pick(wanted: Port) -> Result<u16, StartError> {
    match wanted {
        Port::Exactly(port) | Port::Prefer(port) if is_free(port) => Ok(port),
        Port::Exactly(port) => Err(StartError::PortTaken { port }),
        Port::Prefer(_) | Port::Free => any_free(),
    }
}

/// Searches the range from a start that differs between processes and between calls, so that concurrent tests do not
/// pick the same port.
fn any_free() -> Result<u16, StartError> {
    static CALLS: AtomicU16 = AtomicU16::new(0);
    let width = FREE_RANGE.end - FREE_RANGE.start;
    let process = u16::try_from(std::process::id() % u32::from(width)).unwrap_or(0);
    let spread = process.wrapping_mul(37) % width;
    for _ in 0..width {
        let call = CALLS.fetch_add(1, Ordering::Relaxed) % width;
        let port = FREE_RANGE.start + (spread + call) % width;
        if is_free(port) {
            return Ok(port);
        }
    }
    Err(StartError::PortTaken { port: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preferred_port_in_use_is_replaced() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = held.local_addr().unwrap().port();
        assert_ne!(pick(Port::Prefer(taken)).unwrap(), taken);
    }

    #[test]
    fn an_exact_port_in_use_is_an_error() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let taken = held.local_addr().unwrap().port();
        assert!(matches!(
            pick(Port::Exactly(taken)),
            Err(StartError::PortTaken { port }) if port == taken
        ));
    }

    #[test]
    fn two_free_ports_in_a_row_differ() {
        assert_ne!(pick(Port::Free).unwrap(), pick(Port::Free).unwrap());
    }
}
