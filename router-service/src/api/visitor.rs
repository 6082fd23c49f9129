//! Identifies who opens a link: a user, a guest with a token, both, or an anonymous visitor.

use crate::domain::join::Identity;
use crate::domain::participant::{ParticipantId, TokenHash};
use crate::domain::split::Split;
use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::ids::UserId;
use http::StatusCode;
use http::request::Parts;
use http_api::problem::Problem;
use identity::{Caller, USER_HEADER, caller, unauthenticated};
use sha2::{Digest, Sha256};

/// The header with a guest's secret token, which is issued when joining.
pub(super) const TOKEN_HEADER: &str = "x-participant-token";

/// The identity of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Visitor(pub(super) Identity);

/// A guest's secret token: 256 random bits.
pub(super) struct Token(String);

impl Token {
    /// Generates a new token with a cryptographic generator that is seeded by the operating system.
    pub(super) fn draw() -> Self {
        Self(URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// The hash, which is stored.
    pub(super) fn hash(&self) -> TokenHash {
        hash(self.0.as_bytes())
    }

    /// The secret, which only the guest gets.
    pub(super) fn into_secret(self) -> String {
        self.0
    }
}

fn hash(secret: &[u8]) -> TokenHash {
    TokenHash(Sha256::digest(secret).into())
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    /// An anonymous request is fine; an invalid user header is not.
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        let named = parts.headers.contains_key(USER_HEADER).then(|| caller(&parts.headers));
        let user_id = named.transpose()?.map(user_of).transpose()?;
        let token = parts.headers.get(TOKEN_HEADER).map(|secret| hash(secret.as_bytes()));
        Ok(Self(Identity { user_id, token }))
    }
}

impl Visitor {
    /// The visitor's participant, required for changing something of their own.
    ///
    /// # Errors
    /// 401 for an anonymous visitor or an unknown token; 409 for a user who has not joined.
    pub(super) fn participant(self, split: &Split) -> Result<ParticipantId, Problem> {
        if let Some(id) = split.participant_for(self.0) {
            return Ok(id);
        }
        match self.0 {
            Identity { user_id: Some(_), .. } => {
                Err(Problem::new(StatusCode::CONFLICT, "join_first", "join the cheque first"))
            }
            Identity { token: Some(_), .. } => Err(unauthenticated("X-Participant-Token is unknown")),
            Identity { .. } => Err(unauthenticated("join the cheque or authenticate")),
        }
    }

    /// Requires the visitor to be the owner.
    ///
    /// # Errors
    /// 401 without a user; 404 for another user.
    pub(super) fn require_owner(self, split: &Split) -> Result<(), Problem> {
        match self.0.user_id {
            None => Err(unauthenticated("authentication required: send one X-User-ID header with a positive number")),
            Some(user_id) if user_id == split.owner_id => Ok(()),
            Some(_) => Err(super::open::no_such_cheque()),
        }
    }
}

/// The caller's id as the domain type.
pub(super) fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_only_its_hash_is_kept() {
        let token = Token::draw();
        let stored = token.hash();
        let secret = token.into_secret();
        assert_eq!(secret.len(), 43);
        assert_eq!(hash(secret.as_bytes()), stored);
        assert_ne!(Token::draw().into_secret(), secret);
    }
}
