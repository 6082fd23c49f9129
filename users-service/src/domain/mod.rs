//! The formats of logins and passwords.

mod common_passwords;
pub mod login;
pub mod password;
