//! `DELETE /users/{id}/second-factor`: an administrator removes the second factor of a user who has lost it.

use super::super::administrator::Admin;
use super::super::problems::no_such_user;
use crate::audit::{self, AuditEvent, Kind};
use crate::second_factor;
use crate::state::State;
use crate::store;
use axum::extract;
use http::StatusCode;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::parse_user_id;
use postgres::During;

/// Removes the second factor of a user who has lost the device and the recovery codes. Then the password is enough, so
/// make sure that it is the user who asks. A password reset does not remove it.
#[utoipa::path(
    delete, path = "/users/{id}/second-factor", tag = "administration", operation_id = "removeSecondFactor",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 204, description = "Removed"),
        (status = 404, description = "No such user, or not an administrator", body = ProblemDocument),
        (status = 409, description = "The user has none; or it is your own: turn it off with the password and a code",
            body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = parse_user_id(&id).ok_or_else(no_such_user)?;
    if id == admin.id.get() {
        let detail = "turn your own off with the password and a code; another administrator can remove it";
        return Err(Problem::new(StatusCode::CONFLICT, "cannot_remove_own_second_factor", detail));
    }
    let mut tx = admin.begin(&state, id).await?;
    let known = store::users::lock(&mut tx, id).await?.ok_or_else(no_such_user)?;
    if !second_factor::remove(&mut tx, known.user.id).await? {
        return Err(Problem::new(StatusCode::CONFLICT, "second_factor_off", "the user has no second factor"));
    }
    let event = AuditEvent::by(Kind::SecondFactorRemoval, admin.id, known.user.id, &admin.client);
    let recorded = audit::record(&mut tx, event).await?;
    tx.commit().await.during(format_args!("commit removing the second factor of user {id}"))?;
    recorded.log();
    Ok(StatusCode::NO_CONTENT)
}
