//! The formats of logins and passwords.

pub mod login;
pub mod password;
