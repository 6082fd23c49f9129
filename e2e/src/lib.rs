//! What must be true of the whole system, for end-to-end tests and for measurements.

pub mod invariants;
