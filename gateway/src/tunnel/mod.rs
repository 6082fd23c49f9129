//! WebSockets: the handshake is forwarded like any request, then bytes are copied in both directions, without
//! re-framing. When a session ends, the gateway adds a Close frame.

mod frames;
mod handshake;
mod pipe;
mod tunnels;

pub(crate) use handshake::{is_handshake, is_upgrade};
pub(crate) use tunnels::{NoPermit, Tunnels};
