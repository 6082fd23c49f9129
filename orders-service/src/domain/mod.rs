//! Business rules, without I/O.

pub mod order;
