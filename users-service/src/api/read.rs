//! Parsers for request fields.

use crate::domain::factor_code::FactorCode;
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::tokens::SecretToken;
use identity::Role;

/// Longest accepted refresh token, in characters: ours have 43.
const TOKEN_CHARACTERS_MAX: usize = 200;

/// Parses a login.
pub(super) fn login(json: &str) -> Result<Login, String> {
    Login::parse(&text(json)?).map_err(|invalid| invalid.to_string())
}

/// Parses a password. One that is too short to be set is rejected here, also at sign-in: no user can have it.
pub(super) fn password(json: &str) -> Result<Password, String> {
    Password::parse(text(json)?).map_err(|invalid| invalid.to_string())
}

/// Parses a password that the user with this login chooses. Without a valid login that is reported first.
pub(super) fn new_password(json: &str, login: Option<&Login>) -> Result<Password, String> {
    let password = password(json)?;
    match login {
        Some(login) => password.check_choice(login).map(|()| password).map_err(|weak| weak.to_string()),
        None => Ok(password),
    }
}

/// Parses a role.
pub(super) fn role(json: &str) -> Result<Role, String> {
    Role::parse(&text(json)?).ok_or_else(|| "must be `user` or `admin`".to_owned())
}

/// Parses a code of the second step.
pub(super) fn factor_code(json: &str) -> Result<FactorCode, String> {
    FactorCode::parse(&text(json)?).map_err(|invalid| invalid.to_string())
}

/// Parses a refresh token, or another secret token; it may be invalid.
pub(super) fn refresh_token(json: &str) -> Result<SecretToken, String> {
    let text = text(json)?;
    if text.len() > TOKEN_CHARACTERS_MAX {
        return Err(format!("must have at most {TOKEN_CHARACTERS_MAX} characters"));
    }
    Ok(SecretToken::from_text(text))
}

fn text(json: &str) -> Result<String, String> {
    serde_json::from_str(json).map_err(|_| "must be a string".to_owned())
}
