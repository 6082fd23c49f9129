//! `POST /second-factor/set-up`: a secret for the caller's authenticator app.

use super::super::check_password::check_password;
use super::super::problems::{no_such_user, wrong_credentials};
use super::super::read;
use super::super::recheck_credentials::recheck_credentials;
use super::both::already_on;
use crate::audit::Kind;
use crate::client::ClientInfo;
use crate::domain::login::Login;
use crate::second_factor;
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;
use serde::Serialize;

/// The password.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct SetUp {
    current_password: String,
}

/// A secret, to be stored in an authenticator app.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = SecondFactorSecret)]
pub(super) struct SecretJson {
    /// In base32, to be typed.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// The same for a QR code.
    #[schema(example = "otpauth://totp/Chipin:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Chipin")]
    uri: String,
}

/// Makes a secret for the caller's authenticator app. Signing in changes only when `POST /second-factor/turn-on` has seen
/// a code of it; until then, another secret replaces it.
#[utoipa::path(
    post, path = "/second-factor/set-up", tag = "users", operation_id = "setUpSecondFactor", request_body = SetUp,
    responses(
        (status = 200, description = "The secret", body = SecretJson),
        (status = 401, description = "The current password is wrong", body = ProblemDocument),
        (status = 403, description = "Blocked", body = ProblemDocument),
        (status = 404, description = "In development mode: no user has this number", body = ProblemDocument),
        (status = 409, description = "The second factor is on", body = ProblemDocument),
        (status = 429, description = "Too many attempts", body = ProblemDocument, headers(("Retry-After" = u64))),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(id): Caller,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<Json<SecretJson>, Problem> {
    let password = body.required("current_password", read::password);
    body.finish()?;
    let password = password.ok_or_else(wrong_credentials)?;
    let user = store::users::find(&state.database, id.get()).await?.ok_or_else(no_such_user)?;
    let login = Login::parse(&user.login).map_err(|failure| Problem::internal(&failure))?;
    let checked = check_password(&state, &client, &user, password, Kind::SecondFactorOn).await?;
    let mut tx = state.messaging.begin().await.during(format_args!("begin to set up a second factor of user {id}"))?;
    recheck_credentials(&mut tx, id, &checked.hash).await?;
    store::tries::clear(&mut tx, &checked.counter).await?;
    let secret = second_factor::set_up(&mut tx, &state.factor_key, id).await?.ok_or_else(already_on)?;
    tx.commit().await.during(format_args!("commit a second factor of user {id}"))?;
    Ok(Json(SecretJson { secret: secret.text(), uri: secret.uri(&login) }))
}
