//! The rules, without input or output.

pub mod order;
