//! The second factor of a user: an authenticator app, and recovery codes. Everything that changes or uses it is here. Each
//! function runs in the transaction of its caller, who has locked the user.

use crate::domain::factor_code::{FactorCode, RECOVERY_BYTES, RecoveryCode};
use crate::domain::totp::{self, SECRET_BYTES, Secret};
use crate::factor_key::{FactorKey, OpenError, SealError};
use crate::store;
use contracts::ids::UserId;
use http_api::problem::Problem;
use postgres::StoreError;
use rabbit_outbox::Transaction;
use ring::rand::{SecureRandom, SystemRandom};

/// Recovery codes in a list.
const RECOVERY_CODES: usize = 10;

/// Why a second factor could not be used or changed. `?` turns it into a problem, which logs it.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The secret can't be decrypted.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The secret can't be encrypted.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The system provides no random bytes.
    #[error("generate a second factor")]
    Random,
}

/// The outcome of [`turn_on`].
pub enum TurnedOn {
    /// It is on. Contains the recovery codes, which can't be read again.
    On(Vec<RecoveryCode>),
    /// The code is wrong.
    WrongCode,
    /// It was on before.
    AlreadyOn,
    /// No secret was set up, or it was forgotten since.
    NotSetUp,
}

/// A new secret for the authenticator app, in place of one that was set up and never turned on; `None` if the second
/// factor is on.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn set_up(tx: &mut Transaction, key: &FactorKey, user: UserId) -> Result<Option<Secret>, SecondFactorError> {
    let secret = Secret::new(random::<SECRET_BYTES>()?);
    let sealed = key.seal(user, &secret)?;
    let is_stored = store::second_factors::set_up(tx, user, &sealed).await?;
    Ok(is_stored.then_some(secret))
}

/// Turns the second factor on, with a first code of the authenticator app.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn turn_on(
    tx: &mut Transaction,
    key: &FactorKey,
    user: UserId,
    code: &FactorCode,
    now: u64,
) -> Result<TurnedOn, SecondFactorError> {
    let Some(stored) = store::second_factors::lock(tx, user).await? else { return Ok(TurnedOn::NotSetUp) };
    if stored.is_on {
        return Ok(TurnedOn::AlreadyOn);
    }
    let secret = key.open(user, &stored.secret)?;
    let FactorCode::Totp(code) = *code else { return Ok(TurnedOn::WrongCode) };
    if !accept_totp(tx, user, &secret, code, stored.last_step, now).await? {
        return Ok(TurnedOn::WrongCode);
    }
    store::second_factors::turn_on(tx, user).await?;
    Ok(TurnedOn::On(replace_recovery_codes(tx, user).await?))
}

/// Whether the code is one of the user's, who has turned the second factor on. Each is accepted once.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn accept(
    tx: &mut Transaction,
    key: &FactorKey,
    user: UserId,
    code: &FactorCode,
    now: u64,
) -> Result<bool, SecondFactorError> {
    let stored = store::second_factors::lock(tx, user).await?.filter(|stored| stored.is_on);
    let Some(stored) = stored else { return Ok(false) };
    match code {
        FactorCode::Totp(code) => {
            let secret = key.open(user, &stored.secret)?;
            accept_totp(tx, user, &secret, *code, stored.last_step, now).await
        }
        FactorCode::Recovery(code) => Ok(store::recovery_codes::consume(tx, user, &code.hash()).await?),
    }
}

/// Replaces the recovery codes of a user. The new ones can't be read again.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn replace_recovery_codes(
    tx: &mut Transaction,
    user: UserId,
) -> Result<Vec<RecoveryCode>, SecondFactorError> {
    let random_code = |_| Ok(RecoveryCode::new(&random::<RECOVERY_BYTES>()?));
    let codes = (0..RECOVERY_CODES).map(random_code).collect::<Result<Vec<_>, SecondFactorError>>()?;
    let hashes: Vec<[u8; 32]> = codes.iter().map(RecoveryCode::hash).collect();
    store::recovery_codes::replace(tx, user, &hashes).await?;
    Ok(codes)
}

/// Turns the second factor off; the caller has checked a code.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn turn_off(tx: &mut Transaction, user: UserId) -> Result<bool, SecondFactorError> {
    Ok(store::second_factors::delete(tx, user).await?)
}

/// Removes the second factor of a user who has lost it, for an administrator or an operator.
///
/// # Errors
/// [`SecondFactorError`].
pub async fn remove(tx: &mut Transaction, user: UserId) -> Result<bool, SecondFactorError> {
    Ok(store::second_factors::delete(tx, user).await?)
}

async fn accept_totp(
    tx: &mut Transaction,
    user: UserId,
    secret: &Secret,
    code: u32,
    last_step: i64,
    now: u64,
) -> Result<bool, SecondFactorError> {
    match secret.matching_step(code, totp::step_at(now), last_step) {
        Some(step) => Ok(store::second_factors::accept_step(tx, user, step).await?),
        None => Ok(false),
    }
}

fn random<const BYTES: usize>() -> Result<[u8; BYTES], SecondFactorError> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SecondFactorError::Random)?;
    Ok(bytes)
}

impl From<SecondFactorError> for Problem {
    fn from(failure: SecondFactorError) -> Self {
        match failure {
            SecondFactorError::Store(failure) => failure.into(),
            other @ (SecondFactorError::Open(_) | SecondFactorError::Seal(_) | SecondFactorError::Random) => {
                Self::internal(&other)
            }
        }
    }
}
