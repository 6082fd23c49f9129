//! `POST /users/{id}/sign-out`: ends all sessions of a user.

use super::administrator::Admin;
use crate::audit::{self, AuditEvent, Kind};
use crate::state::State;
use crate::store;
use axum::extract;
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::parse_user_id;
use postgres::During;

/// Ends all sessions of a user, who can sign in again.
#[utoipa::path(
    post, path = "/users/{id}/sign-out", tag = "administration", operation_id = "signOutUser",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 204, description = "All sessions have ended"),
        (status = 404, description = "No such user, or not an administrator", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = parse_user_id(&id).ok_or_else(super::problems::no_such_user)?;
    let mut tx = admin.begin(&state, id).await?;
    // Locked: a sign-in that runs at the same time is either ended too, or comes after.
    let known = store::users::lock(&mut tx, id).await?.ok_or_else(super::problems::no_such_user)?;
    store::refresh_tokens::revoke_all(&mut tx, known.user.id).await?;
    let event = AuditEvent::by(Kind::SessionsEnd, admin.id, known.user.id, &admin.client);
    let recorded = audit::record(&mut tx, event).await?;
    tx.commit().await.during(format_args!("commit signing out user {id}"))?;
    recorded.log();
    Ok(StatusCode::NO_CONTENT)
}
