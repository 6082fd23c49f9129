//! The end of a first step: the tokens of a session, or a challenge for users with a second factor.

use super::session_json::Session;
use crate::client::ClientInfo;
use crate::state::State;
use crate::store;
use crate::store::sign_in_challenges::LIFETIME_SECS;
use crate::tokens::SecretToken;
use crate::user::User;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_api::problem::Problem;
use rabbit_outbox::Transaction;
use serde::Serialize;

/// What a user gets for a right password.
pub(super) enum SignedIn {
    /// They are signed in.
    Session(Session),
    /// They have a second factor.
    Challenge(Challenge),
}

/// The second step is missing: `POST /login/second-factor`.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SignInChallenge)]
pub(super) struct Challenge {
    /// Can be used once, for the second step of this sign-in only: it is no access token.
    challenge: String,
    /// Lifetime in seconds.
    expires_in: u32,
}

impl SignedIn {
    /// A session of this user, or a challenge if they have a second factor. The caller has checked the password, has locked
    /// the user, and commits.
    ///
    /// # Errors
    /// When the database fails, or no key signs.
    pub(super) async fn after_password(
        tx: &mut Transaction,
        state: &State,
        client: &ClientInfo,
        user: User,
    ) -> Result<Self, Problem> {
        if !store::second_factors::is_on(tx, user.id).await? {
            return Ok(Self::Session(start_session(tx, state, client, user).await?));
        }
        let token = SecretToken::random()?;
        store::sign_in_challenges::insert(tx, user.id, &token.hash()).await?;
        Ok(Self::Challenge(Challenge { challenge: token.into_text(), expires_in: LIFETIME_SECS }))
    }
}

/// Starts a session of a user who has made every step.
///
/// # Errors
/// When the database fails, or no key signs.
pub(super) async fn start_session(
    tx: &mut Transaction,
    state: &State,
    client: &ClientInfo,
    user: User,
) -> Result<Session, Problem> {
    let token = SecretToken::random()?;
    let session = store::refresh_tokens::start_session(tx, user.id, &token.hash(), client, state.lifetimes).await?;
    Session::new(&state.keys, user, session, token).map_err(|failure| Problem::internal(&failure))
}

impl IntoResponse for SignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::Session(session) => Json(session).into_response(),
            Self::Challenge(challenge) => (StatusCode::ACCEPTED, Json(challenge)).into_response(),
        }
    }
}
