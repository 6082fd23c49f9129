//! Live state. The database holds the truth; a push only makes a change visible sooner.

pub mod hub;
pub mod message;
mod stale;
pub mod watched;
