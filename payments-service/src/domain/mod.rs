//! The rules, without input or output.

pub mod charge;
pub mod decision;
pub mod ledger;
pub mod transfer;
