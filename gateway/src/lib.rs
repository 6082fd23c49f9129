//! The public API of Chipin: routes, authenticates, tunnels WebSockets, serves the web UI.

pub mod config;
pub mod limits;
mod metrics_help;
pub mod origins;
pub mod program;

mod routes;
mod share;

mod preview;

mod edge;

mod auth;
mod gateway;
mod info;
mod networks;
mod peer;
mod rate_limit;
mod refusals;
mod report_refusals;
mod shares;
mod tickets;

mod forward;
mod tunnel;
mod upstream;

mod ui;

#[doc(hidden)]
pub mod fuzzing;
