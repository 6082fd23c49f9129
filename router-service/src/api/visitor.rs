//! Identifies who opens a link: a user, a guest with a token, both, or an anonymous visitor.

use crate::domain::join::Identity;
use crate::domain::participant::{ParticipantId, TokenHash};
use crate::domain::split::Split;
use axum::extract::FromRequestParts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::ids::ChequeHash;
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

    /// The token of a join with an idempotency key, which is part of `secret`: a repeated join gets the same token, and
    /// none is stored. It is as secret as the key, which a client draws at random.
    pub(super) fn derive(secret: &[u8], cheque: &ChequeHash) -> Self {
        let digest =
            Sha256::new().chain_update("participant token\0").chain_update(cheque.as_str()).chain_update(secret);
        Self(URL_SAFE_NO_PAD.encode(digest.finalize()))
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
        let user_id = named.transpose()?.map(|Caller(user_id)| user_id);
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

    /// Whether the visitor is a user who shares the cheque; the owner is one.
    pub(super) fn is_user_of(self, split: &Split) -> bool {
        self.0.user_id.is_some_and(|user_id| split.participant_of(user_id).is_some())
    }

    /// Requires the visitor to be the owner.
    ///
    /// # Errors
    /// 401 without a user; 404 for another user.
    pub(super) fn require_owner(self, split: &Split) -> Result<(), Problem> {
        match self.0.user_id {
            None => Err(unauthenticated("authentication required: send one X-User-ID header with a positive number")),
            Some(user_id) if user_id == split.owner_id => Ok(()),
            Some(_) => Err(super::problems::no_such_cheque()),
        }
    }
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

    #[test]
    fn a_derived_secret_depends_on_the_key_and_the_cheque() {
        let derived = |key, digit| Token::derive(key, &ChequeHash::from_random([digit; 22])).into_secret();
        assert_eq!(derived(b"a", 1), derived(b"a", 1));
        assert_eq!(derived(b"a", 1).len(), 43);
        assert_ne!(derived(b"a", 1), derived(b"b", 1));
        assert_ne!(derived(b"a", 1), derived(b"a", 2));
    }
}
