//! The HTTP server of every program: the serve loop, its limits, tracing and metrics of requests, health and readiness.

mod body_length;
pub mod drain_body;
pub mod framing;
pub mod health;
pub mod healthcheck;
pub mod layers;
mod metrics_help;
pub mod open_files;
pub mod readiness;
mod rejection;
pub mod request_id;
pub mod serve;
pub mod thread_per_core;
pub mod time_limit;
