//! Infrastructure of all programs: configuration, telemetry, the serve loop, problem documents, PostgreSQL, OpenAPI
//! pages.

pub mod batcher;
pub mod clock;
pub mod config;
pub mod counted;
mod head_timer;
mod json_line;
mod log;
mod metrics_help;
mod open_files;
pub mod process;
pub mod spans;
pub mod telemetry;
mod text_line;
mod timestamp;

pub mod app;
pub mod body;
pub mod cursor;
pub mod docs;
pub mod drain_body;
pub mod extract;
pub mod framing;
pub mod gateway_auth;
pub mod healthcheck;
pub mod identity;
pub mod layers;
pub mod problem;
pub mod readiness;
mod rejection;
pub mod serve;
pub mod thread_per_core;
pub mod time_limit;

pub mod idempotency;
pub mod postgres;
