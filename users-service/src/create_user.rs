//! Creates users.

use crate::domain::login::Login;
use crate::store;
use crate::user::User;
use contracts::users::UserRegistered;
use http_api::problem::Problem;
use identity::Role;
use postgres::StoreError;
use rabbit_outbox::{AppendError, Transaction};

/// Why a user was not created. `?` turns it into a problem, which logs it.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The event could not be appended.
    #[error("append `UserRegistered`")]
    Append(#[from] AppendError),
}

impl From<CreateUserError> for Problem {
    fn from(failure: CreateUserError) -> Self {
        match failure {
            CreateUserError::Store(failure) => failure.into(),
            append @ CreateUserError::Append(_) => Self::internal(&append),
        }
    }
}

/// Creates a user and appends `UserRegistered`; `None` if the login is taken.
///
/// # Errors
/// [`CreateUserError`] if the database fails.
pub async fn create_user(
    tx: &mut Transaction,
    login: &Login,
    password_hash: &str,
    role: Role,
) -> Result<Option<User>, CreateUserError> {
    let Some(user) = store::users::insert(tx, login, password_hash, role).await? else { return Ok(None) };
    tx.append(&UserRegistered { user_id: user.id }, 1)?;
    Ok(Some(user))
}
