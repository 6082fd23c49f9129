//! `POST /password`: changes the password.

use super::check_password::check_password;
use super::read;
use super::session_json::Session;
use super::signed_in::start_session;
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::state::State;
use crate::store;
use crate::user::User;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::problem::{FieldError, Problem, ProblemDocument};
use identity::Caller;
use postgres::During;

/// The current and the new password.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct Change {
    current_password: String,
    /// 8 to 200 characters; not a common one, not the login, and not a word of this application.
    new_password: String,
}

/// Changes the caller's password, ends all their sessions and starts a new one. It asks for no code of a second factor: the
/// session has seen one.
#[utoipa::path(
    post, path = "/password", tag = "users", operation_id = "changePassword", request_body = Change,
    responses(
        (status = 200, description = "Changed; the tokens of a new session", body = Session),
        (status = 401, description = "The current password is wrong", body = ProblemDocument),
        (status = 403, description = "Blocked", body = ProblemDocument),
        (status = 404, description = "In development mode: no user has this number", body = ProblemDocument),
        (status = 429, description = "Too many attempts", body = ProblemDocument, headers(("Retry-After" = u64))),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(id): Caller,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<Json<Session>, Problem> {
    let current = body.required("current_password", read::password);
    let new = body.required("new_password", read::password);
    body.finish()?;
    let (Some(current), Some(new)) = (current, new) else { return Err(super::problems::wrong_credentials()) };
    let user = store::users::find(&state.database, id.get()).await?.ok_or_else(super::problems::no_such_user)?;
    check_choice(&new, &user)?;
    let checked = check_password(&state, &client, &user, current, Kind::PasswordChange).await?;
    let hash = state.passwords.hash(new).await?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin to change the password of user {id}"))?;
    let user = super::recheck_credentials::recheck_credentials(&mut tx, user.id, &checked.hash).await?;
    store::users::set_password(&mut tx, user.id, &hash).await?;
    store::tries::clear(&mut tx, &checked.counter).await?;
    store::refresh_tokens::revoke_all(&mut tx, user.id).await?;
    // An earlier link would let its holder set another password.
    store::password_resets::delete_of(&mut tx, id.get()).await?;
    let session = start_session(&mut tx, &state, &client, user).await?;
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::PasswordChange, id, &client)).await?;
    tx.commit().await.during(format_args!("commit the password of user {id}"))?;
    recorded.log();
    Ok(Json(session))
}

/// The login is known only after the body was read.
pub(super) fn check_choice(password: &Password, user: &User) -> Result<(), Problem> {
    let Ok(login) = Login::parse(&user.login) else { return Ok(()) };
    password.check_choice(&login).map_err(|weak| {
        Problem::invalid_fields(vec![FieldError { pointer: "/new_password".to_owned(), detail: weak.to_string() }])
    })
}
