//! What a login and a password are.

pub mod login;
pub mod password;
