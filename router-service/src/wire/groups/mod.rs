//! Groups as JSON and as a table.

pub mod csv;
pub mod expense_json;
pub mod group_json;
