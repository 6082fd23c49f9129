//! `POST /password`: changes the password.

use super::login::too_many_tries;
use super::read;
use super::session_json::Session;
use crate::audit::{self, AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::state::State;
use crate::store;
use crate::store::tries::Attempt;
use crate::tokens::SecretToken;
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
    /// 8 to 200 characters; not a common one, and not the login.
    new_password: String,
}

/// Changes the caller's password, ends all their sessions and starts a new one.
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
    let failed = |outcome, detail| {
        let event = AuditEvent::of(Kind::PasswordChange, user.id, &client).with_detail(detail);
        state.refusals.count(AuditEvent { outcome, ..event });
    };
    let counter = store::tries::counter(&state.database, &user.login, client.address()).await?;
    if let Attempt::After(seconds) = store::tries::count_attempt(&state.database, &counter).await? {
        failed(Outcome::Refused, "too many attempts");
        return Err(too_many_tries(seconds));
    }
    let known = {
        let mut connection = state.database.acquire().await.during("find a user by login")?;
        store::users::by_login(&mut connection, &user.login).await?.ok_or_else(super::problems::no_such_user)?
    };
    if !state.passwords.matches(current, Some(known.password_hash.clone())).await? {
        failed(Outcome::Failed, "wrong password");
        return Err(super::problems::wrong_credentials());
    }
    let hash = state.passwords.hash(new).await?;
    let token = SecretToken::random()?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin to change the password of user {id}"))?;
    let user = super::recheck_credentials::recheck_credentials(&mut tx, user.id, &known.password_hash).await?;
    store::users::set_password(&mut tx, user.id, &hash).await?;
    store::tries::clear(&mut tx, &counter).await?;
    store::refresh_tokens::revoke_all(&mut tx, user.id).await?;
    let session =
        store::refresh_tokens::start_session(&mut tx, user.id, &token.hash(), &client, state.lifetimes).await?;
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::PasswordChange, user.id, &client)).await?;
    tx.commit().await.during(format_args!("commit the password of user {id}"))?;
    recorded.log();
    Session::new(&state.keys, user, session, token).map(Json).map_err(|failure| Problem::internal(&failure))
}

/// The login is known only after the body was read.
pub(super) fn check_choice(password: &Password, user: &User) -> Result<(), Problem> {
    let Ok(login) = Login::parse(&user.login) else { return Ok(()) };
    password.check_choice(&login).map_err(|weak| {
        Problem::invalid_fields(vec![FieldError { pointer: "/new_password".to_owned(), detail: weak.to_string() }])
    })
}
