//! WebSockets: the handshake is forwarded like any request, then bytes are copied in both directions, without
//! re-framing.

mod handshake;
mod pipe;
mod tunnels;

pub(crate) use handshake::{is_handshake, is_upgrade};
pub(crate) use tunnels::{NoPermit, Tunnels};
