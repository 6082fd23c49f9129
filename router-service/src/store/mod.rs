//! SQL queries, one file per table, checked at compile time.

pub mod activity;
pub mod cheques;
pub mod groups;
pub mod transfers;

mod claims;
mod json;
mod number;
mod participants;
