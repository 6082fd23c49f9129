//! SQL queries, one file per table, checked at compile time.

pub mod orders;
