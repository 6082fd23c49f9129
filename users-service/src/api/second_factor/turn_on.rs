//! `POST /second-factor/turn-on`: from now on, signing in asks the caller for a code.

use super::super::check_password::{count_code, refuse_code};
use super::super::problems::{no_such_user, wrong_code};
use super::super::read;
use super::both::{RecoveryCodes, already_on, give_back};
use crate::audit::{self, AuditEvent, Kind};
use crate::client::ClientInfo;
use crate::second_factor::{self, TurnedOn};
use crate::state::State;
use crate::store;
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use postgres::During;
use process::clock;

/// A code of the authenticator app.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct FirstCode {
    /// Six digits.
    #[schema(example = "123456")]
    code: String,
}

/// Turns the second factor on with a first code of the authenticator app, and returns the recovery codes.
#[utoipa::path(
    post, path = "/second-factor/turn-on", tag = "users", operation_id = "turnOnSecondFactor", request_body = FirstCode,
    responses(
        (status = 200, description = "On; the recovery codes", body = RecoveryCodes),
        (status = 401, description = "The code is wrong", body = ProblemDocument),
        (status = 404, description = "In development mode: no user has this number", body = ProblemDocument),
        (status = 409, description = "It is on, or no secret was set up within the last hour", body = ProblemDocument),
        (status = 429, description = "Too many attempts", body = ProblemDocument, headers(("Retry-After" = u64))),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(id): Caller,
    client: ClientInfo,
    mut body: JsonBody,
) -> Result<Json<RecoveryCodes>, Problem> {
    let code = body.required("code", read::factor_code);
    body.finish()?;
    let code = code.ok_or_else(wrong_code)?;
    let user = store::users::find(&state.database, id.get()).await?.ok_or_else(no_such_user)?;
    let counter = count_code(&state, &client, &user, Kind::SecondFactorOn).await?;
    let mut tx =
        state.messaging.begin().await.during(format_args!("begin to turn on the second factor of user {id}"))?;
    store::users::lock(&mut tx, id.get()).await?.ok_or_else(no_such_user)?;
    match second_factor::turn_on(&mut tx, &state.factor_key, id, &code, clock::unix_seconds()).await? {
        TurnedOn::On(codes) => {
            store::tries::clear(&mut tx, &counter).await?;
            let recorded = audit::record(&mut tx, AuditEvent::of(Kind::SecondFactorOn, id, &client)).await?;
            tx.commit().await.during(format_args!("commit the second factor of user {id}"))?;
            recorded.log();
            Ok(Json(codes.into()))
        }
        TurnedOn::WrongCode => Err(refuse_code(&state, &client, id, Kind::SecondFactorOn)),
        // No code was compared. The same request may have come several times at once, and one of them has turned it on.
        TurnedOn::AlreadyOn => {
            give_back(tx, &counter).await?;
            Err(already_on())
        }
        TurnedOn::NotSetUp => {
            give_back(tx, &counter).await?;
            let detail = "no secret was set up within the last hour: begin again";
            Err(Problem::new(StatusCode::CONFLICT, "second_factor_not_set_up", detail))
        }
    }
}
