//! The rules of splitting a cheque: pure functions without clock, id generation or SQL.

pub mod activity;
pub mod apportion;
pub mod breakdown;
pub mod currency;
pub mod fraction;

pub mod last_changes;
pub mod method;
pub mod negative;
pub mod outside;
pub mod participant;
pub mod rate;
pub mod reminded;
pub mod split;
pub mod toggles;
pub mod whole_units;

pub mod between;
pub mod dues;
pub mod fewest_transfers;
pub mod open_pairs;
pub mod plan;

pub mod add_page;
pub mod add_person;
pub mod answer;
pub mod claim;
pub mod correct;
pub mod corrected_line;
pub mod delete;
pub mod edit_lines;
pub mod enter;
pub mod give_back;
pub mod join;
pub mod pay_between;
pub mod payable;
pub mod refund;
pub mod remind;
pub mod remove;
pub mod report;
pub mod set_advances;
pub mod set_method;
pub mod set_negative;
pub mod set_rate;
pub mod set_title;
pub mod settle;
pub mod take_over;

pub mod groups;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod payer_properties;
#[cfg(test)]
mod properties;
