//! `POST /second-factor/recovery-codes`: new recovery codes.

use super::both::{PasswordAndCode, RecoveryCodes, begin_with_both, read_password_and_code};
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::second_factor;
use crate::state::State;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;

/// Replaces the caller's recovery codes by ten new ones.
#[utoipa::path(
    post, path = "/second-factor/recovery-codes", tag = "users", operation_id = "replaceRecoveryCodes",
    request_body = PasswordAndCode,
    responses(
        (status = 200, description = "The new codes; the old ones are no longer valid", body = RecoveryCodes),
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
) -> Result<Json<RecoveryCodes>, Problem> {
    let (password, code) = read_password_and_code(body)?;
    let (mut tx, user) = begin_with_both(&state, &client, id, password, &code, Kind::RecoveryCodes).await?;
    let codes = second_factor::replace_recovery_codes(&mut tx, user.id).await?;
    let recorded = audit::record(&mut tx, AuditEvent::of(Kind::RecoveryCodes, user.id, &client)).await?;
    tx.commit().await.during(format_args!("commit the recovery codes of user {id}"))?;
    recorded.log();
    Ok(Json(codes.into()))
}
