//! Live status. The database holds the truth; a push only makes a change visible sooner.

pub mod hub;
pub mod message;
pub mod watched;
