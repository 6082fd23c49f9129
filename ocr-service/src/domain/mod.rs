//! Business rules, without I/O.

pub mod kept_cheque;
