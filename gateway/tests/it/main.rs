//! Tests of the gateway in front of services that record the requests they receive.

#![expect(clippy::unwrap_used, reason = "a failing helper should fail its test")]

mod client;
mod raw;
mod redis_outage;
mod service;
mod stage;

mod bodies;
mod cors;
mod draining;
mod failing;
mod fair_shares;
mod identity;
mod links;
mod page;
mod passing;
mod reusing;
mod sessions;
mod signing;
mod smuggling;
mod socket_limits;
mod sockets;
mod starting;
mod streaming;
mod tls;
mod tokens;
