//! The tables.

pub mod families;
pub mod tries;
pub mod users;
