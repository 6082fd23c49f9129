//! Live state: the database is the truth, a push is a hint.

pub mod hub;
pub mod message;
pub mod socket;
