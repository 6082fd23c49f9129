//! The rules of splitting a cheque: pure functions without clock, id generation or SQL.

pub mod activity;
pub mod apportion;
pub mod breakdown;
pub mod fraction;

pub mod method;
pub mod negative;
pub mod participant;
pub mod rate;
mod smallest_unit;
pub mod split;

pub mod dues;
pub mod fewest_transfers;
pub mod open_pairs;

pub mod claim;
pub mod correct;
pub mod delete;
pub mod join;
pub mod refund;
pub mod remove;
pub mod set_method;
pub mod set_negative;
pub mod set_rate;
pub mod settle;

pub mod groups;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
