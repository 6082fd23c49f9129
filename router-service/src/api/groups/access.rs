//! Opens a group for its members.

use crate::domain::currency::Currency;
use crate::domain::groups::group::Group;
use crate::domain::groups::member::{Member, MemberId};
use crate::state::State;
use crate::store::groups::load;
use crate::wire::groups::group_json::GroupJson;
use contracts::ids::{ChequeHash, UserId};
use http::StatusCode;
use http_api::problem::Problem;
use postgres::{During, StoreError};
use rabbit_outbox::Transaction;

/// The currency of the accounts.
pub(super) fn accounts(state: &State) -> Currency {
    Currency::new(state.accounts.as_str()).expect("the configuration checks the code")
}

/// Parses the key from the path. Text without the form of a key gets the same 404 as an unknown key.
pub(super) fn group_key(text: &str) -> Result<ChequeHash, Problem> {
    ChequeHash::try_from(text.to_owned()).map_err(|_| no_such_group())
}

/// Begins a transaction for a change of a group.
///
/// # Errors
/// If the database is not available.
pub(super) async fn begin(state: &State, key: &ChequeHash) -> Result<Transaction, StoreError> {
    state.messaging.begin().await.during(format_args!("begin a change of group {}", key.shortened()))
}

/// Locks a group for one of its members.
///
/// # Errors
/// 404 for an unknown group, 409 for a user who is no member.
pub(super) async fn lock(tx: &mut Transaction, key: &ChequeHash, user_id: UserId) -> Result<(Group, Member), Problem> {
    let group = load::lock(tx, key).await?.ok_or_else(no_such_group)?;
    let member = of_member(&group, user_id)?;
    Ok((group, member))
}

/// Reads a group for one of its members.
///
/// # Errors
/// As [`lock`].
pub(super) async fn find(state: &State, key: &ChequeHash, user_id: UserId) -> Result<Group, Problem> {
    let group = load::find(&state.database, key).await?.ok_or_else(no_such_group)?;
    of_member(&group, user_id)?;
    Ok(group)
}

/// The group after a change, in the same transaction, as the user sees it.
///
/// # Errors
/// If a query fails.
pub(super) async fn changed(
    state: &State,
    tx: &mut Transaction,
    key: &ChequeHash,
    user_id: UserId,
) -> Result<GroupJson, Problem> {
    let group = load::lock(tx, key).await?.ok_or_else(no_such_group)?;
    Ok(seen_by(state, &group, user_id))
}

/// Like [`changed`], and commits.
///
/// # Errors
/// If a query fails.
pub(super) async fn committed(
    state: &State,
    mut tx: Transaction,
    key: &ChequeHash,
    user_id: UserId,
) -> Result<GroupJson, Problem> {
    let json = changed(state, &mut tx, key, user_id).await?;
    tx.commit().await.during(format_args!("commit a change of group {}", key.shortened()))?;
    Ok(json)
}

/// Like [`committed`], unless the change gives a balance to a member who has left: `before` is the group before the change.
///
/// # Errors
/// 409 then; or if a query fails.
pub(super) async fn committed_if_none_left(
    state: &State,
    mut tx: Transaction,
    before: &Group,
    user_id: UserId,
) -> Result<GroupJson, Problem> {
    let after = load::lock(&mut tx, &before.key).await?.ok_or_else(no_such_group)?;
    if let Some(left) = before.left_and_charged(&after, accounts(state)) {
        let detail = format!(
            "{} has left with a balance of 0, which this would change: they have to join again first",
            left.name
        );
        return Err(Problem::new(StatusCode::CONFLICT, "member_left", detail));
    }
    committed(state, tx, &before.key, user_id).await
}

/// The group, as the user sees it.
pub(super) fn seen_by(state: &State, group: &Group, user_id: UserId) -> GroupJson {
    GroupJson::of(group, user_id, accounts(state), invite_link(state, group.key.as_str()))
}

/// The address that others open to join. Browsers do not send what follows `#`, so no server logs the key.
pub(super) fn invite_link(state: &State, key: &str) -> String {
    format!("{}/#/groups/{key}", state.share_base_url)
}

/// The member of a path. They are numbered from 1, so 0 stands for text that is not a number: no such member.
pub(super) fn member_number(id: &str) -> MemberId {
    MemberId(id.parse().unwrap_or(0))
}

pub(super) fn no_such_group() -> Problem {
    Problem::not_found("group_not_found", "the group does not exist, or is closed for others")
}

pub(super) fn no_such_member() -> Problem {
    Problem::not_found("member_not_found", "the member does not exist")
}

/// The group belongs to another user.
pub(super) fn not_the_owner() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "not_the_owner", "only the owner of the group can do this")
}

fn of_member(group: &Group, user_id: UserId) -> Result<Member, Problem> {
    match group.member_of(user_id) {
        Some(member) => Ok(member.clone()),
        None if group.joining_open => Err(Problem::new(StatusCode::CONFLICT, "join_first", "join the group first")),
        None => Err(no_such_group()),
    }
}
