//! SQL, one file per table, checked at compile time.

pub mod accounts;
pub mod ledger;
pub mod order_payments;
pub mod transfers;
