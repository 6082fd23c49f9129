//! `GET /sessions` and `DELETE /sessions/{id}`: the caller's sessions, and ending one of them.

use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

/// A session.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ListedSession)]
struct SessionJson {
    /// As in the response to the sign-in, and in the access token as `sid`.
    id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// When its tokens were last renewed, which a client in use does every ten minutes.
    #[serde(with = "time::serde::rfc3339")]
    last_used_at: OffsetDateTime,
    /// When it ends unless it is used before.
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
    /// The address that used it last.
    #[schema(required)]
    address: Option<String>,
    /// The program that used it last, as it names itself.
    #[schema(required)]
    user_agent: Option<String>,
}

/// Sessions, the last used first.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Sessions {
    sessions: Vec<SessionJson>,
}

/// The caller's sessions that have not ended, the last used first; at most 100.
#[utoipa::path(
    get, path = "/sessions", tag = "users", operation_id = "listSessions",
    responses((status = 200, description = "The sessions", body = Sessions))
)]
pub(super) async fn list(
    extract::State(state): extract::State<State>,
    Caller(user): Caller,
) -> Result<Json<Sessions>, Problem> {
    let sessions = store::sessions::list(&state.database, user, state.lifetimes).await?;
    Ok(Json(Sessions { sessions: sessions.into_iter().map(SessionJson::from).collect() }))
}

/// Ends one of the caller's sessions: its tokens are refused and its sockets closed within seconds.
#[utoipa::path(
    delete, path = "/sessions/{id}", tag = "users", operation_id = "endSession",
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "It has ended"),
        (status = 404, description = "The caller has no such session, or it ended before", body = ProblemDocument),
    )
)]
pub(super) async fn end(
    extract::State(state): extract::State<State>,
    Caller(user): Caller,
    client: ClientInfo,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| no_such_session())?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin to end session {id} of user {user}"))?;
    if !store::sessions::end_own(&mut tx, user, id).await? {
        return Err(no_such_session());
    }
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::SessionEnd, user, &client)).await?;
    tx.commit().await.during(format_args!("commit the end of session {id} of user {user}"))?;
    recorded.log();
    Ok(StatusCode::NO_CONTENT)
}

fn no_such_session() -> Problem {
    Problem::not_found("session_not_found", "you have no such session, or it has ended")
}

impl From<store::sessions::Session> for SessionJson {
    fn from(session: store::sessions::Session) -> Self {
        let store::sessions::Session { id, created_at, last_used_at, expires_at, address, user_agent } = session;
        Self { id, created_at, last_used_at, expires_at, address, user_agent }
    }
}
