//! The rules, without input or output.

pub mod kept_cheque;
