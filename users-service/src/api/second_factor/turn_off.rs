//! `POST /second-factor/turn-off`: signing in asks the caller for the password only.

use super::both::{PasswordAndCode, begin_with_both, read_password_and_code};
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::second_factor;
use crate::state::State;
use axum::extract;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;

/// Turns the caller's second factor off.
#[utoipa::path(
    post, path = "/second-factor/turn-off", tag = "users", operation_id = "turnOffSecondFactor",
    request_body = PasswordAndCode,
    responses(
        (status = 204, description = "Off"),
        (status = 401, description = "The password or the code is wrong", body = ProblemDocument),
        (status = 403, description = "Blocked", body = ProblemDocument),
        (status = 404, description = "In development mode: no user has this number", body = ProblemDocument),
        (status = 409, description = "The second factor is off", body = ProblemDocument),
        (status = 429, description = "Too many attempts", body = ProblemDocument, headers(("Retry-After" = u64))),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(id): Caller,
    client: ClientInfo,
    body: JsonBody,
) -> Result<StatusCode, Problem> {
    let (password, code) = read_password_and_code(body)?;
    let (mut tx, user) = begin_with_both(&state, &client, id, password, &code, Kind::SecondFactorOff).await?;
    second_factor::turn_off(&mut tx, user.id).await?;
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::SecondFactorOff, user.id, &client)).await?;
    tx.commit().await.during(format_args!("commit turning off the second factor of user {id}"))?;
    recorded.log();
    Ok(StatusCode::NO_CONTENT)
}
