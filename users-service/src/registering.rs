//! A new user.

use crate::domain::login::Login;
use crate::store;
use crate::user::User;
use chassis::passage::Role;
use chassis::problem::Problem;
use contracts::users::UserRegistered;
use rabbit_outbox::Transaction;

/// Adds a user and says so to the other services; none when the login is taken.
///
/// # Errors
/// The database's.
pub async fn add(
    tx: &mut Transaction,
    login: &Login,
    password_hash: &str,
    role: Role,
) -> Result<Option<User>, Problem> {
    let Some(user) = store::users::insert(tx, login, password_hash, role).await? else { return Ok(None) };
    tx.append(&UserRegistered { user_id: user.id }, 1).map_err(|failure| Problem::internal(&failure))?;
    Ok(Some(user))
}
