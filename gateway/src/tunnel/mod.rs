//! WebSockets: the handshake is forwarded like any request, then bytes are copied in both directions, without
//! re-framing.

mod handshake;
mod pipe;
mod shares;
mod tunnels;

pub(crate) use handshake::{is_handshake, is_upgrade};
pub(crate) use tunnels::{NoPermit, TunnelLimits, Tunnels};
