//! `POST /login/second-factor`: the second step of signing in.

use super::check_password::{count_code, refuse_code};
use super::read;
use super::session_json::Session;
use super::signed_in::start_session;
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::second_factor;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use postgres::During;
use process::clock;

/// The challenge of the first step, and a code.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct SecondStep {
    /// From `POST /login`.
    challenge: String,
    /// Six digits of the authenticator app, or a recovery code.
    #[schema(example = "123456")]
    code: String,
}

/// Completes signing in. Each code is accepted once, and a challenge can be used until a code was right.
#[utoipa::path(
    post, path = "/login/second-factor", tag = "users", operation_id = "loginSecondFactor", security(),
    request_body = SecondStep,
    responses(
        (status = 200, description = "Signed in", body = Session),
        (status = 401, description = "The code is wrong or was used before, or the challenge is unknown, used or expired",
            body = ProblemDocument),
        (status = 403, description = "Blocked", body = ProblemDocument),
        (status = 429, description = "Too many attempts", body = ProblemDocument, headers(("Retry-After" = u64))),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<Json<Session>, Problem> {
    let presented = body.required("challenge", read::refresh_token);
    let code = body.required("code", read::factor_code);
    body.finish()?;
    let (Some(presented), Some(code)) = (presented, code) else { return Err(invalid()) };
    let presented = presented.hash();
    let id = store::sign_in_challenges::user_of(&state.database, &presented).await?.ok_or_else(invalid)?;
    let user = store::users::find(&state.database, id).await?.ok_or_else(invalid)?;
    let counter = count_code(&state, &client, &user, Kind::SignIn).await?;

    let mut tx = state.messaging.begin().await.during(format_args!("begin the second step of user {id}"))?;
    let user = store::users::lock(&mut tx, id).await?.ok_or_else(invalid)?.user;
    // A new password, a block or a sign-out everywhere has ended it meanwhile.
    if !store::sign_in_challenges::consume(&mut tx, &presented).await? {
        return Err(invalid());
    }
    if user.is_blocked {
        return Err(super::problems::blocked());
    }
    if !second_factor::accept(&mut tx, &state.factor_key, user.id, &code, clock::unix_seconds()).await? {
        // Without a commit, the challenge can be used again.
        return Err(refuse_code(&state, &client, user.id, Kind::SignIn));
    }
    store::tries::clear(&mut tx, &counter).await?;
    let event = AuditEvent::of(Kind::SignIn, user.id, &client).with_detail("with a second factor");
    let recorded = audit::record(&mut tx, event).await?;
    let session = start_session(&mut tx, &state, &client, user).await?;
    tx.commit().await.during(format_args!("commit the second step of user {id}"))?;
    recorded.log();
    Ok(Json(session))
}

fn invalid() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_challenge", "sign in again, with the password first")
}
