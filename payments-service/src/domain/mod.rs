//! The rules, without input or output.

pub mod decision;
pub mod ledger;
pub mod transfer;
