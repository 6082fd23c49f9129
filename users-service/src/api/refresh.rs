//! `POST /refresh`: the next access token.

use super::read;
use super::session_json::Session;
use crate::state::State;
use crate::store;
use crate::store::families::Shown;
use crate::tokens::RefreshToken;
use axum::{Json, extract};
use chassis::body::JsonBody;
use chassis::problem::{Problem, ProblemDocument};
use http::StatusCode;
use rabbit_outbox::transaction::CommitError;
use tracing::warn;

/// A refresh token.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct Refresh {
    /// From the last session.
    refresh_token: String,
}

/// Exchanges a refresh token for a new session; the token is spent by that. A spent one that comes again has been copied:
/// whoever has either copy is signed out.
#[utoipa::path(
    post, path = "/refresh", tag = "users", operation_id = "refresh", request_body = Refresh,
    responses(
        (status = 200, body = Session),
        (status = 401, description = "Not good, or not any more", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    mut body: JsonBody,
) -> Result<Json<Session>, Problem> {
    let shown = body.required("refresh_token", read::refresh_token);
    body.finish()?;
    let Some(shown) = shown else { return Err(invalid()) };
    let mut tx = state.messaging.begin().await?;
    match store::families::spend(&mut tx, &shown.hash()).await? {
        Shown::Nobodys => Err(invalid()),
        Shown::JustSpent => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "refresh_token_spent",
            "another tab has just used this refresh token: use the one that it got",
        )),
        Shown::Spent(family) => {
            store::families::revoke(&mut tx, family).await?;
            tx.commit().await.map_err(CommitError::into_source)?;
            warn!(%family, "a refresh token came twice: all that followed from its sign-in are signed out");
            Err(invalid())
        }
        Shown::Good(family, user) => {
            let token = RefreshToken::random()?;
            store::families::add(&mut tx, family, &token.hash()).await?;
            let known = store::users::lock(&mut tx, user).await?.filter(|known| !known.user.is_blocked);
            let known = known.ok_or_else(invalid)?;
            tx.commit().await.map_err(CommitError::into_source)?;
            Session::new(&state.keys, known.user, token).map(Json).map_err(|failure| Problem::internal(&failure))
        }
    }
}

fn invalid() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_refresh_token", "sign in again")
}
