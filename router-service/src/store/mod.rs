//! SQL queries, one file per table, checked at compile time.

pub mod activity;
pub mod cheques;
pub mod groups;
pub mod transfers;

mod bill_amount;
mod cash_between;
mod claims;
mod json;
mod last_changes_json;
mod number;
mod participant_json;
mod participants;
