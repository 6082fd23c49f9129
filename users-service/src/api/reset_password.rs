//! `POST /users/{id}/password-reset` and `POST /password-reset`: a token from an administrator, and its use.

use super::administrator::Admin;
use super::change_password::check_choice;
use super::read;
use super::session_json::Session;
use super::signed_in::{Challenge, SignedIn};
use crate::audit::{self, AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::state::State;
use crate::store;
use crate::store::password_resets::LIFETIME_SECS;
use crate::tokens::SecretToken;
use axum::{Json, extract};
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::parse_user_id;
use postgres::During;
use serde::Serialize;

/// A token with which a user sets a new password.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct PasswordReset {
    /// Valid once.
    token: String,
    /// Lifetime in seconds.
    expires_in: u32,
}

type Issued = (StatusCode, [(HeaderName, HeaderValue); 1], Json<PasswordReset>);

/// Issues a token with which a user sets a new password, to be handed over by the administrator. It replaces an earlier
/// one. The old password stays valid until the token is used.
#[utoipa::path(
    post, path = "/users/{id}/password-reset", tag = "administration", operation_id = "issuePasswordReset",
    params(("id" = i64, Path, description = "The user")),
    responses(
        (status = 201, description = "The token", body = PasswordReset),
        (status = 404, description = "No such user, or not an administrator", body = ProblemDocument),
    )
)]
pub(super) async fn issue(
    extract::State(state): extract::State<State>,
    admin: Admin,
    Path(id): Path<String>,
) -> Result<Issued, Problem> {
    let id = parse_user_id(&id).ok_or_else(super::problems::no_such_user)?;
    let token = SecretToken::random()?;
    let mut tx = admin.begin(&state, id).await?;
    let known = store::users::lock(&mut tx, id).await?.ok_or_else(super::problems::no_such_user)?;
    store::password_resets::replace(&mut tx, known.user.id, &token.hash()).await?;
    let event = AuditEvent::by(Kind::PasswordResetIssue, admin.id, known.user.id, &admin.client);
    let recorded = audit::record(&mut tx, event).await?;
    tx.commit().await.during(format_args!("commit a password reset of user {id}"))?;
    recorded.log();
    let no_store = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let issued = PasswordReset { token: token.into_text(), expires_in: LIFETIME_SECS };
    Ok((StatusCode::CREATED, no_store, Json(issued)))
}

/// The token and the new password.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct Reset {
    /// From an administrator.
    token: String,
    /// 8 to 200 characters; not a common one, not the login, and not a word of this application.
    new_password: String,
}

/// Sets a new password, ends all sessions of the user and starts a new one. Users with a second factor get a challenge for
/// `POST /login/second-factor` instead.
#[utoipa::path(
    post, path = "/password-reset", tag = "users", operation_id = "resetPassword", security(), request_body = Reset,
    responses(
        (status = 200, description = "Changed; the tokens of a new session", body = Session),
        (status = 202, description = "Changed; the second step is missing", body = Challenge),
        (status = 401, description = "The token is unknown, used, replaced or expired", body = ProblemDocument),
        (status = 403, description = "Blocked", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<SignedIn, Problem> {
    let presented = body.required("token", read::refresh_token);
    let new = body.required("new_password", read::password);
    body.finish()?;
    let (Some(presented), Some(new)) = (presented, new) else { return Err(invalid()) };
    let presented = presented.hash();
    let refused = |outcome, subject, detail| {
        let event = AuditEvent::new(Kind::PasswordReset, outcome, &client).with_detail(detail);
        state.refusals.count(AuditEvent { subject, ..event });
    };
    let Some(id) = store::password_resets::user_of(&state.database, &presented).await? else {
        refused(Outcome::Failed, None, "unknown, used, replaced or expired");
        return Err(invalid());
    };
    let user = store::users::find(&state.database, id).await?.ok_or_else(invalid)?;
    check_choice(&new, &user)?;
    let hash = state.passwords.hash(new).await?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin to reset the password of user {id}"))?;
    let user = store::users::lock(&mut tx, id).await?.ok_or_else(invalid)?.user;
    if !store::password_resets::consume(&mut tx, &presented).await? {
        return Err(invalid());
    }
    if user.is_blocked {
        refused(Outcome::Refused, Some(user.id), "blocked");
        return Err(super::problems::blocked());
    }
    let user_id = user.id;
    store::users::set_password(&mut tx, user_id, &hash).await?;
    store::refresh_tokens::revoke_all(&mut tx, user_id).await?;
    let signed_in = SignedIn::after_password(&mut tx, &state, &client, user).await?;
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::PasswordReset, user_id, &client)).await?;
    tx.commit().await.during(format_args!("commit the reset password of user {id}"))?;
    recorded.log();
    Ok(signed_in)
}

fn invalid() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_reset_token", "ask an administrator for a new token")
}
