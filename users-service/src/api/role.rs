//! `PUT /users/{id}/role`: makes a user an administrator, or no longer one.

use super::administrator::Admin;
use super::read;
use super::user_json::UserJson;
use crate::audit::{self, AuditEvent, Kind};
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::parse_user_id;
use postgres::During;

/// The new role.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct NewRole {
    /// `user` or `admin`.
    #[schema(example = "admin")]
    role: String,
}

/// Changes the role of a user. Their sessions end, because access tokens contain the role.
#[utoipa::path(
    put, path = "/users/{id}/role", tag = "administration", operation_id = "setRole", request_body = NewRole,
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 200, description = "The user, with this role", body = UserJson),
        (status = 404, description = "No such user, or not an administrator", body = ProblemDocument),
        (status = 409, description = "Administrators can't change their own role", body = ProblemDocument),
        (status = 422, description = "The role is unknown", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    admin: Admin,
    Path(id): Path<String>,
    mut body: JsonBody,
) -> Result<Json<UserJson>, Problem> {
    let role = body.required("role", read::role);
    body.finish()?;
    let (Some(role), Some(id)) = (role, parse_user_id(&id)) else { return Err(super::problems::no_such_user()) };
    if id == admin.id.get() {
        let detail = "you can't change your own role; another administrator can";
        return Err(Problem::new(StatusCode::CONFLICT, "cannot_change_own_role", detail));
    }
    let mut tx = admin.begin(&state, id).await?;
    let before = store::users::lock(&mut tx, id).await?.ok_or_else(super::problems::no_such_user)?.user;
    if before.role == role {
        return Ok(Json(before.into()));
    }
    let user = store::users::set_role(&mut tx, before.id, role).await?;
    store::refresh_tokens::revoke_all(&mut tx, user.id).await?;
    let event = AuditEvent::by(Kind::RoleChange, admin.id, user.id, &admin.client).with_detail(role.as_str());
    let recorded = audit::record(&mut tx, event).await?;
    tx.commit().await.during(format_args!("commit the role of user {id}"))?;
    recorded.log();
    Ok(Json(user.into()))
}
