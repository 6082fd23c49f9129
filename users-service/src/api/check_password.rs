//! The password of a signed-in user, before something that a stolen session must not be enough for.

use super::login::too_many_tries;
use super::problems::{no_such_user, wrong_credentials};
use crate::client::ClientInfo;
use crate::domain::password::Password;
use crate::state::State;
use crate::store;
use crate::store::tries::{Attempt, Counter};
use crate::user::User;
use http_api::problem::Problem;
use postgres::During;

/// A password that was right. It may have been replaced since: `recheck_credentials` tells.
pub(super) struct CheckedPassword {
    /// In the PHC string format.
    pub(super) hash: String,
    /// To be cleared with the transaction that follows.
    pub(super) counter: Counter,
}

/// Checks the password of a user, as signing in does: it is counted before. No transaction is open meanwhile.
///
/// # Errors
/// 401 if the password is wrong, 429 after too many attempts.
pub(super) async fn check_password(
    state: &State,
    client: &ClientInfo,
    user: &User,
    password: Password,
) -> Result<CheckedPassword, Problem> {
    let counter = store::tries::counter(&state.database, &user.login, client.address()).await?;
    if let Attempt::After(seconds) = store::tries::count_attempt(&state.database, &counter).await? {
        return Err(too_many_tries(seconds));
    }
    let known = {
        let mut connection = state.database.acquire().await.during("find a user by login")?;
        store::users::by_login(&mut connection, &user.login).await?.ok_or_else(no_such_user)?
    };
    if !state.passwords.matches(password, Some(known.password_hash.clone())).await? {
        return Err(wrong_credentials());
    }
    Ok(CheckedPassword { hash: known.password_hash, counter })
}

/// Counts an attempt at a code of this user, before it is checked.
///
/// # Errors
/// 429 after too many attempts.
pub(super) async fn count_code(state: &State, client: &ClientInfo, login: &str) -> Result<Counter, Problem> {
    let counter = store::tries::counter(&state.database, login, client.address()).await?.of_codes();
    match store::tries::count_attempt(&state.database, &counter).await? {
        Attempt::Allowed => Ok(counter),
        Attempt::After(seconds) => Err(too_many_tries(seconds)),
    }
}
