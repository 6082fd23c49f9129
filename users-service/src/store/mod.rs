//! SQL, one file per table.

pub mod families;
pub mod tries;
pub mod users;
