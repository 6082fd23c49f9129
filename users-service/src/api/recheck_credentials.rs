//! The second check of credentials, under a lock.

use super::problems::{blocked, wrong_credentials};
use crate::store;
use crate::user::User;
use contracts::ids::UserId;
use http_api::problem::Problem;
use rabbit_outbox::Transaction;

/// Locks the user until the transaction ends and repeats the check: since the password was verified against `hash`, it
/// may have been changed, or the user blocked.
///
/// # Errors
/// 401 when the password has changed, 403 when the user is blocked.
pub(super) async fn recheck_credentials(tx: &mut Transaction, id: UserId, hash: &str) -> Result<User, Problem> {
    let known = store::users::lock(tx, id.get()).await?.filter(|known| known.password_hash == hash);
    let user = known.ok_or_else(wrong_credentials)?.user;
    if user.is_blocked { Err(blocked()) } else { Ok(user) }
}
