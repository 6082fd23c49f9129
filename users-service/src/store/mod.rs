//! SQL, one file per table.

pub mod audit_events;
pub mod password_resets;
pub mod refresh_tokens;
pub mod sessions;
pub mod tries;
pub mod users;
