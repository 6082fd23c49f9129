//! `POST /users/{id}/block` and `/unblock`: blocks and unblocks a user.

use super::administrator::Admin;
use super::user_json::UserJson;
use crate::audit::{self, AuditEvent, Kind};
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::parse_user_id;
use postgres::During;

/// Blocks a user: they can't sign in, and all their sessions end.
#[utoipa::path(
    post, path = "/users/{id}/block", tag = "administration", operation_id = "blockUser",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 200, description = "The user, blocked", body = UserJson),
        (status = 404, description = "No such user, or not an administrator", body = ProblemDocument),
        (status = 409, description = "Administrators can't block themselves", body = ProblemDocument),
    )
)]
pub(super) async fn block(
    extract::State(state): extract::State<State>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Json<UserJson>, Problem> {
    if parse_user_id(&id) == Some(admin.id.get()) {
        let detail = "you can't block yourself; another administrator can";
        return Err(Problem::new(StatusCode::CONFLICT, "cannot_block_yourself", detail));
    }
    set(&state, &admin, &id, true).await
}

/// Unblocks a user.
#[utoipa::path(
    post, path = "/users/{id}/unblock", tag = "administration", operation_id = "unblockUser",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 200, description = "The user, no longer blocked", body = UserJson),
        (status = 404, description = "No such user, or not an administrator", body = ProblemDocument),
    )
)]
pub(super) async fn unblock(
    extract::State(state): extract::State<State>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Json<UserJson>, Problem> {
    set(&state, &admin, &id, false).await
}

async fn set(state: &State, admin: &Admin, id: &str, is_blocked: bool) -> Result<Json<UserJson>, Problem> {
    let id = parse_user_id(id).ok_or_else(super::problems::no_such_user)?;
    let mut tx = admin.begin(state, id).await?;
    let user = store::users::set_blocked(&mut tx, id, is_blocked).await?.ok_or_else(super::problems::no_such_user)?;
    if is_blocked {
        store::refresh_tokens::revoke_all(&mut tx, user.id).await?;
        store::password_resets::delete_of(&mut tx, id).await?;
    }
    let kind = if is_blocked { Kind::Block } else { Kind::Unblock };
    let recorded = audit::record(&mut tx, AuditEvent::by(kind, admin.id, user.id, &admin.client)).await?;
    tx.commit().await.during(format_args!("commit blocking or unblocking user {id}"))?;
    recorded.log();
    Ok(Json(user.into()))
}
