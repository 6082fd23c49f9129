//! The rules of groups: people who share bills again and again.

pub mod expense;
pub mod member;
pub mod settlement;

pub mod group;

pub mod balances;
pub mod statement;

pub mod count_cheque;
pub mod edit_expenses;
pub mod join;
pub mod leave;
pub mod settle_up;
pub mod take_place;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
