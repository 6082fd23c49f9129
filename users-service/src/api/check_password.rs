//! The password of a signed-in user, before something that a stolen session must not be enough for.

use super::login::too_many_tries;
use super::problems::{no_such_user, wrong_code, wrong_credentials};
use crate::audit::{AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::domain::password::Password;
use crate::state::State;
use crate::store;
use crate::store::tries::{Attempt, Counter};
use crate::user::User;
use contracts::ids::UserId;
use http_api::problem::Problem;
use postgres::During;

/// A password that was right. It may have been replaced since: `recheck_credentials` checks that.
pub(super) struct CheckedPassword {
    /// In the PHC string format.
    pub(super) hash: String,
    /// To be cleared with the transaction that follows.
    pub(super) counter: Counter,
}

/// Checks the password of a user, as signing in does: it is counted before. No transaction is open meanwhile. `kind` is
/// what it is asked for.
///
/// # Errors
/// 401 if the password is wrong, 429 after too many attempts.
pub(super) async fn check_password(
    state: &State,
    client: &ClientInfo,
    user: &User,
    password: Password,
    kind: Kind,
) -> Result<CheckedPassword, Problem> {
    let failed = |outcome, detail| {
        let event = AuditEvent::of(kind, user.id, client).with_detail(detail);
        state.refusals.count(AuditEvent { outcome, ..event });
    };
    let counter = store::tries::counter(&state.database, &user.login, client.address()).await?;
    if let Attempt::After(seconds) = store::tries::count_attempt(&state.database, &counter).await? {
        failed(Outcome::Refused, "too many attempts");
        return Err(too_many_tries(seconds));
    }
    let known = {
        let mut connection = state.database.acquire().await.during("find a user by login")?;
        store::users::by_login(&mut connection, &user.login).await?.ok_or_else(no_such_user)?
    };
    if !state.passwords.matches(password, Some(known.password_hash.clone())).await? {
        failed(Outcome::Failed, "wrong password");
        return Err(wrong_credentials());
    }
    Ok(CheckedPassword { hash: known.password_hash, counter })
}

/// Counts an attempt at a code of this user, before it is checked. `kind` is what it is asked for.
///
/// # Errors
/// 429 after too many attempts.
pub(super) async fn count_code(
    state: &State,
    client: &ClientInfo,
    user: &User,
    kind: Kind,
) -> Result<Counter, Problem> {
    let counter = store::tries::counter(&state.database, &user.login, client.address()).await?.of_codes();
    match store::tries::count_attempt(&state.database, &counter).await? {
        Attempt::Allowed => Ok(counter),
        Attempt::After(seconds) => {
            let event = AuditEvent::of(kind, user.id, client).with_detail("too many attempts at a code");
            state.refusals.count(AuditEvent { outcome: Outcome::Refused, ..event });
            Err(too_many_tries(seconds))
        }
    }
}

/// A code was wrong: it is recorded.
pub(super) fn refuse_code(state: &State, client: &ClientInfo, user: UserId, kind: Kind) -> Problem {
    let event = AuditEvent::of(kind, user, client).with_detail("wrong code");
    state.refusals.count(AuditEvent { outcome: Outcome::Failed, ..event });
    wrong_code()
}
