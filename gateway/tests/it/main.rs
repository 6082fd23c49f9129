//! Stories of the gateway in front of services that record what reaches them.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod client;
mod raw;
mod service;
mod stage;

mod bodies;
mod cors;
mod draining;
mod failing;
mod identity;
mod links;
mod page;
mod passing;
mod reusing;
mod smuggling;
mod sockets;
mod starting;
mod streaming;
mod tokens;
