//! Invariants of the whole system, for end-to-end tests and benchmarks.

pub mod invariants;
