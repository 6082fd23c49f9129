//! `PUT` and `DELETE /groups/{key}/cheques/{hash}`: a bill counts in a group, or not any more.

use super::access::{accounts, begin, committed_if_none_left, group_key, lock, not_the_owner};
use crate::api::nested_body::{FieldErrors, integer};
use crate::api::open::cheque_hash;
use crate::api::problems::no_such_cheque;
use crate::domain::groups::count_cheque::CountRefusal;
use crate::domain::groups::member::MemberId;
use crate::domain::participant::ParticipantId;
use crate::domain::split::Split;
use crate::state::State;
use crate::store::cheques::{self, Found};
use crate::store::groups::cheques as counted;
use crate::wire::groups::group_json::GroupJson;
use axum::{Json, extract};
use contracts::ids::{ChequeHash, UserId};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;
use rabbit_outbox::Transaction;
use std::collections::BTreeMap;

/// Who is who.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct CountCheque {
    /// Members by participant, for those who are not members by their account. Others are found by name.
    #[schema(required = false)]
    members: Option<BTreeMap<String, u32>>,
}

/// The owner of a bill puts it into a group, or changes who is who. The open dues of members then count in the group, and
/// are paid there instead of on the bill.
#[utoipa::path(
    put, path = "/groups/{key}/cheques/{hash}", tag = "groups", operation_id = "countCheque", request_body = CountCheque,
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("hash" = String, Path, description = "The key of the share link of the bill"),
    ),
    responses(
        (status = 200, description = "It counts", body = GroupJson),
        (status = 404, description = "No such group or bill, or another user's bill", body = ProblemDocument),
        (status = 409, description = "You are no member, or the bill counts in another group (`in_group`)", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn put(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, hash)): Path<(String, String)>,
    mut body: JsonBody,
) -> Result<Json<GroupJson>, Problem> {
    let (key, hash) = (group_key(&key)?, cheque_hash(&hash)?);
    let mut errors = FieldErrors::default();
    let number = |json: &str| integer(1, u32::MAX)(json);
    let said = body.optional("members", |json| Ok::<_, String>(errors.by_number(json, "/members", number)));
    errors.finish(body)?;
    let said = said.flatten().unwrap_or_default().into_iter();
    let said = said.map(|(participant, member)| (ParticipantId(participant), MemberId(member))).collect();
    let mut tx = begin(&state, &key).await?;
    // The group before the bill, always in this order.
    let (group, _) = lock(&mut tx, &key, user_id).await?;
    let split = lock_cheque(&mut tx, &hash).await?;
    if counted::group_of(&mut tx, &hash).await?.is_some_and(|other| other != key.as_str()) {
        return Err(problem(CountRefusal::Elsewhere));
    }
    let members = group.count_cheque(&split, user_id, said).map_err(problem)?;
    counted::put(&mut tx, &key, &hash, &members, clock::now()).await?;
    announce(&state, &mut tx, &split, user_id).await?;
    Ok(Json(committed_if_none_left(&state, tx, &group, user_id).await?))
}

/// Takes a bill out of the group: by its owner, or by the owner of the group. Its dues are open on the bill again.
#[utoipa::path(
    delete, path = "/groups/{key}/cheques/{hash}", tag = "groups", operation_id = "uncountCheque",
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("hash" = String, Path, description = "The key of the share link of the bill"),
    ),
    responses(
        (status = 200, description = "It does not count any more", body = GroupJson),
        (status = 403, description = "Neither the bill nor the group is yours", body = ProblemDocument),
        (status = 404, description = "No such group, or the bill does not count in it", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 409, description = "You are no member, members have settled since it came in (`settled_in_group`), or a member who has left would owe something (`member_left`)", body = ProblemDocument),
    )
)]
pub(super) async fn delete(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path((key, hash)): Path<(String, String)>,
) -> Result<Json<GroupJson>, Problem> {
    let (key, hash) = (group_key(&key)?, cheque_hash(&hash)?);
    let mut tx = begin(&state, &key).await?;
    let (group, _) = lock(&mut tx, &key, user_id).await?;
    let split = lock_cheque(&mut tx, &hash).await?;
    if counted::group_of(&mut tx, &hash).await?.is_none_or(|other| other != key.as_str()) {
        return Err(no_such_cheque());
    }
    if split.owner_id != user_id && group.owner_id != user_id {
        return Err(not_the_owner());
    }
    group.uncount_cheque(&split, accounts(&state)).map_err(problem)?;
    counted::remove(&mut tx, &hash).await?;
    announce(&state, &mut tx, &split, user_id).await?;
    Ok(Json(committed_if_none_left(&state, tx, &group, user_id).await?))
}

async fn lock_cheque(tx: &mut Transaction, hash: &ChequeHash) -> Result<Split, Problem> {
    match cheques::lock(tx, hash).await? {
        Some(Found::Split(split)) => Ok(split),
        Some(Found::Deleted) | None => Err(no_such_cheque()),
    }
}

/// The bill has a new version, because who opens it now sees which dues count in the group.
async fn announce(state: &State, tx: &mut Transaction, before: &Split, user_id: UserId) -> Result<(), Problem> {
    let now = lock_cheque(tx, &before.hash).await?;
    let by = before.participant_of(user_id).map(|participant| participant.id);
    crate::api::change::store(state, tx, before, &now.next(), by).await?;
    Ok(())
}

fn problem(refusal: CountRefusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        CountRefusal::NotTheOwner => no_such_cheque(),
        CountRefusal::Elsewhere => Problem::new(StatusCode::CONFLICT, "in_group", detail),
        CountRefusal::Settled => Problem::new(StatusCode::CONFLICT, "settled_in_group", detail),
        CountRefusal::TooMany => Problem::new(StatusCode::CONFLICT, "too_many_cheques", detail),
        CountRefusal::NoSuchParticipant(participant) | CountRefusal::OtherMember(participant) => {
            FieldErrors::one(&format!("/members/{participant}"), &detail)
        }
        CountRefusal::NotAMember(_) => FieldErrors::one("/members", &detail),
    }
}
