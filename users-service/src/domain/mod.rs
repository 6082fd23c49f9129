//! The formats of logins, passwords and the codes of a second step.

mod base32;
mod common_passwords;
pub mod factor_code;
pub mod login;
pub mod password;
pub mod totp;
