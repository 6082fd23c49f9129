//! Business rules, without I/O.

pub mod stored_cheque;
