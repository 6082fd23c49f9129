//! SQL, one file per table.

pub mod audit_events;
pub mod password_resets;
pub mod recovery_codes;
pub mod refresh_tokens;
pub mod second_factors;
pub mod sessions;
pub mod sign_in_challenges;
pub mod tries;
pub mod users;
