//! What the operations on the second factor have in common.

use super::super::check_password::{check_password, count_code, refuse_code};
use super::super::problems::{no_such_user, wrong_code};
use super::super::read;
use super::super::recheck_credentials::recheck_credentials;
use crate::audit::Kind;
use crate::client::ClientInfo;
use crate::domain::factor_code::{FactorCode, RecoveryCode};
use crate::domain::password::Password;
use crate::second_factor;
use crate::state::State;
use crate::store;
use crate::store::tries::Counter;
use crate::user::User;
use contracts::ids::UserId;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::Problem;
use postgres::During;
use process::clock;
use rabbit_outbox::Transaction;
use serde::Serialize;

/// The password, and a code.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "describes the body, which is read field by field: docs/adr/0007")]
pub(super) struct PasswordAndCode {
    current_password: String,
    /// Six digits of the authenticator app, or a recovery code.
    #[schema(example = "123456")]
    code: String,
}

/// Codes for users without their device.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct RecoveryCodes {
    /// Ten, each valid once. They can't be read again.
    recovery_codes: Vec<String>,
}

impl From<Vec<RecoveryCode>> for RecoveryCodes {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        Self { recovery_codes: codes.iter().map(RecoveryCode::text).collect() }
    }
}

pub(super) fn read_password_and_code(mut body: JsonBody) -> Result<(Password, FactorCode), Problem> {
    let password = body.required("current_password", read::password);
    let code = body.required("code", read::factor_code);
    body.finish()?;
    password.zip(code).ok_or_else(wrong_code)
}

/// A transaction of the caller, whose password and code are right. Both attempts are counted before they are checked.
pub(super) async fn begin_with_both(
    state: &State,
    client: &ClientInfo,
    id: UserId,
    password: Password,
    code: &FactorCode,
    kind: Kind,
) -> Result<(Transaction, User), Problem> {
    let user = store::users::find(&state.database, id.get()).await?.ok_or_else(no_such_user)?;
    let checked = check_password(state, client, &user, password, kind).await?;
    let codes = count_code(state, client, &user, kind).await?;
    let mut tx =
        state.messaging.begin().await.during(format_args!("begin to change the second factor of user {id}"))?;
    let user = recheck_credentials(&mut tx, id, &checked.hash).await?;
    if !store::second_factors::is_on(&mut tx, id).await? {
        // No code was compared, and the password was right.
        store::tries::give_back(&mut tx, &checked.counter).await?;
        give_back(tx, &codes).await?;
        return Err(Problem::new(StatusCode::CONFLICT, "second_factor_off", "you have no second factor"));
    }
    if !second_factor::accept(&mut tx, &state.factor_key, id, code, clock::unix_seconds()).await? {
        return Err(refuse_code(state, client, id, kind));
    }
    store::tries::clear(&mut tx, &checked.counter).await?;
    store::tries::clear(&mut tx, &codes).await?;
    Ok((tx, user))
}

/// Gives back an attempt whose code was not compared, and ends its transaction, which has changed nothing else.
pub(super) async fn give_back(mut tx: Transaction, counter: &Counter) -> Result<(), Problem> {
    store::tries::give_back(&mut tx, counter).await?;
    Ok(tx.commit().await.during("commit giving an attempt back")?)
}

pub(super) fn already_on() -> Problem {
    Problem::new(StatusCode::CONFLICT, "second_factor_on", "you have a second factor: turn it off first")
}
