//! The life of a program: its configuration, its tasks, and its end.

pub mod clock;
pub mod config;
mod tasks;

pub use tasks::{Process, Shutdown, exit_code};
