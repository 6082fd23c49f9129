//! Pure business rules, without I/O.

pub mod charge;
pub mod decision;
pub mod ledger;
pub mod transfer;
