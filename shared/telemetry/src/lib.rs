//! Logs, metrics and spans of a program, and its errors as one line of text.

pub mod config;
pub mod counted;
mod error;
mod json_line;
mod log;
mod log_filter;
mod metrics_help;
mod process_metrics;
mod spans;
mod start;
mod text_line;
mod timestamp;

pub use error::chain;
pub use log_filter::{LogFilter, WrongFilter};
pub use spans::{SpansError, flush_spans};
pub use start::{TelemetryError, flush_log, render, start};
