//! `POST /login`: sign in.

use super::read;
use super::session_json::Session;
use super::signed_in::{Challenge, SignedIn};
use crate::audit::{self, AuditEvent, Kind, Outcome, Recorded};
use crate::client::ClientInfo;
use crate::demo;
use crate::domain::login::Login;
use crate::domain::password::Password;
use crate::state::State;
use crate::store;
use crate::store::tries::Attempt;
use axum::extract;
use http::{HeaderValue, StatusCode, header};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;

/// A login and a password.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct Credentials {
    /// 3 to 40 characters of a-z, 0-9, dot, underscore and hyphen, beginning with a letter; case does not matter.
    #[schema(example = "anna")]
    login: String,
    /// 8 to 200 characters.
    #[schema(example = "correct horse battery")]
    password: String,
}

/// Signs in. The response and its duration do not show whether the login exists. Users with a second factor get a challenge
/// for `POST /login/second-factor`, and no tokens.
#[utoipa::path(
    post, path = "/login", tag = "users", operation_id = "login", security(), request_body = Credentials,
    responses(
        (status = 200, description = "Signed in", body = Session),
        (status = 202, description = "The password is right; the second step is missing", body = Challenge),
        (status = 401, description = "Unknown login or wrong password", body = ProblemDocument),
        (status = 403, description = "Blocked", body = ProblemDocument),
        (status = 429, description = "Too many attempts", body = ProblemDocument, headers(("Retry-After" = u64))),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<SignedIn, Problem> {
    let login = body.required("login", read::login);
    let password = body.required("password", read::password);
    body.finish()?;
    let (Some(login), Some(password)) = (login, password) else { return Err(super::problems::wrong_credentials()) };
    sign_in(&state, &client, &login, password).await
}

/// A new session if the password is right, or a challenge if it is not enough.
///
/// # Errors
/// 401 if the login is unknown or the password wrong, 403 if the user is blocked, 429 after too many attempts.
pub(super) async fn sign_in(
    state: &State,
    client: &ClientInfo,
    login: &Login,
    password: Password,
) -> Result<SignedIn, Problem> {
    // No transaction is open while the password is verified: database connections are few.
    let counter = store::tries::counter(&state.database, login.as_str(), client.address()).await?;
    if let Attempt::After(seconds) = store::tries::count_attempt(&state.database, &counter).await? {
        let detail = "too many attempts";
        state.refusals.count_for_login(Kind::SignIn, Outcome::Refused, login, client, detail);
        return Err(too_many_tries(seconds));
    }
    let known = {
        let mut connection = state.database.acquire().await.during("find a user by login")?;
        store::users::by_login(&mut connection, login.as_str()).await?
    };
    let (id, hash) = known.map(|known| (known.user.id, known.password_hash)).unzip();
    let is_accepted = demo::is_accepted(state, client, &password);
    let is_right = state.passwords.matches(password, hash.clone()).await? && is_accepted;
    let (Some(id), Some(hash), true) = (id, hash, is_right) else {
        let detail = "unknown login or wrong password";
        state.refusals.count_for_login(Kind::SignIn, Outcome::Failed, login, client, detail);
        return Err(super::problems::wrong_credentials());
    };

    let mut tx = state.messaging.begin().await.during(format_args!("begin a session of user {id}"))?;
    let rechecked = super::recheck_credentials::recheck_credentials(&mut tx, id, &hash).await;
    let user = rechecked.inspect_err(|_| {
        let detail = "blocked, or the password was changed";
        state.refusals.count_for_login(Kind::SignIn, Outcome::Refused, login, client, detail);
    })?;
    store::tries::clear(&mut tx, &counter).await?;
    let signed_in = SignedIn::after_password(&mut tx, state, client, user).await?;
    // With a second factor the sign-in is complete, and recorded, after the second step.
    let recorded = match &signed_in {
        SignedIn::Session(_) => Some(audit::record(&mut tx, AuditEvent::of(Kind::SignIn, id, client)).await?),
        SignedIn::Challenge(_) => None,
    };
    tx.commit().await.during(format_args!("commit a session of user {id}"))?;
    recorded.into_iter().for_each(Recorded::log);
    Ok(signed_in)
}

pub(super) fn too_many_tries(seconds: i64) -> Problem {
    let detail = "too many wrong passwords or codes for this login: retry after the seconds given in Retry-After";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}
