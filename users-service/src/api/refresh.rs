//! `POST /refresh`: exchanges a refresh token for new tokens.

use super::read;
use super::session_json::Session;
use crate::audit::{self, AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::state::State;
use crate::store;
use crate::store::refresh_tokens::TokenState;
use crate::tokens::SecretToken;
use axum::{Json, extract};
use contracts::ids::UserId;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;
use tracing::warn;

/// A refresh token.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct Refresh {
    /// The refresh token of the previous response.
    refresh_token: String,
}

/// Exchanges a refresh token for a new session; each token can be used once. If a used token is presented again, it was
/// copied, so all tokens of its sign-in are revoked.
#[utoipa::path(
    post, path = "/refresh", tag = "users", operation_id = "refresh", security(), request_body = Refresh,
    responses(
        (status = 200, description = "The next tokens of the session", body = Session),
        (status = 401, description = "Invalid, expired or revoked", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<Json<Session>, Problem> {
    let presented = body.required("refresh_token", read::refresh_token);
    body.finish()?;
    let Some(presented) = presented else { return Err(invalid()) };
    let mut tx = state.messaging.begin().await.during("begin to refresh a session")?;
    match store::refresh_tokens::consume(&mut tx, &presented.hash(), state.lifetimes).await? {
        TokenState::Unknown => {
            state.refusals.count(AuditEvent::new(Kind::Refresh, Outcome::Failed, &client));
            Err(invalid())
        }
        TokenState::JustUsed => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "refresh_token_spent",
            "another tab has just used this refresh token: use the one that it received",
        )),
        TokenState::Reused(family, user) => {
            store::refresh_tokens::revoke(&mut tx, family).await?;
            let event = AuditEvent::new(Kind::Refresh, Outcome::Refused, &client);
            let event = AuditEvent { subject: UserId::try_from(user).ok(), ..event };
            let recorded = audit::record(&mut tx, event.with_detail("used before: its session was ended")).await?;
            tx.commit().await.during(format_args!("commit the end of token family {family}"))?;
            recorded.log();
            warn!(%family, "a used refresh token was presented again: all tokens of its sign-in are revoked");
            Err(invalid())
        }
        TokenState::Valid(family, user) => {
            let token = SecretToken::random()?;
            store::refresh_tokens::add(&mut tx, family, &token.hash(), state.lifetimes).await?;
            store::sessions::touch(&mut tx, family, &client).await?;
            let known = store::users::lock(&mut tx, user).await?.filter(|known| !known.user.is_blocked);
            let known = known.ok_or_else(invalid)?;
            tx.commit().await.during(format_args!("commit the next token of family {family}"))?;
            Session::new(&state.keys, known.user, family, token)
                .map(Json)
                .map_err(|failure| Problem::internal(&failure))
        }
    }
}

fn invalid() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_refresh_token", "sign in again")
}
