//! Creates users.

use crate::domain::login::Login;
use crate::store;
use crate::user::User;
use contracts::users::UserRegistered;
use http_api::problem::Problem;
use identity::Role;
use rabbit_outbox::Transaction;

/// Creates a user and appends `UserRegistered`; `None` if the login is taken.
///
/// # Errors
/// Database errors.
pub async fn create_user(
    tx: &mut Transaction,
    login: &Login,
    password_hash: &str,
    role: Role,
) -> Result<Option<User>, Problem> {
    let Some(user) = store::users::insert(tx, login, password_hash, role).await? else { return Ok(None) };
    tx.append(&UserRegistered { user_id: user.id }, 1).map_err(|failure| Problem::internal(&failure))?;
    Ok(Some(user))
}
