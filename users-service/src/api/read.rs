//! Reading the fields of requests.

use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::tokens::RefreshToken;

/// Characters of a refresh token at most: ours have 43.
const TOKEN_CHARACTERS_MAX: usize = 200;

/// A login that somebody chooses, or signs in with.
pub(super) fn login(json: &str) -> Result<Login, String> {
    Login::parse(&text(json)?).map_err(|not| not.to_string())
}

/// A password that somebody chooses, or signs in with: one that could not be chosen is nobody's.
pub(super) fn password(json: &str) -> Result<Password, String> {
    Password::chosen(text(json)?).map_err(|not| not.to_string())
}

/// A refresh token, good or not.
pub(super) fn refresh_token(json: &str) -> Result<RefreshToken, String> {
    let text = text(json)?;
    if text.len() > TOKEN_CHARACTERS_MAX {
        return Err(format!("must have at most {TOKEN_CHARACTERS_MAX} characters"));
    }
    Ok(RefreshToken::shown(text))
}

fn text(json: &str) -> Result<String, String> {
    serde_json::from_str(json).map_err(|_| "must be a string".to_owned())
}
