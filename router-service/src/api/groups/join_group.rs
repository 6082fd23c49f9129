//! `POST /groups/{key}/members`: the user joins, or a member adds a person without an account.

use super::access::{accounts, changed, group_key, lock, no_such_group};
use super::once::{Begun, Once};
use crate::api::nested_body::{integer, name};
use crate::domain::groups::join::JoinRefusal;
use crate::domain::groups::member::MemberId;
use crate::state::State;
use crate::store::groups::{load, members};
use crate::wire::groups::group_json::GroupJson;
use axum::extract;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;

/// Who joins.
#[derive(utoipa::ToSchema)]
struct JoinGroup {
    /// Your name, or that of the person without an account: 1 to 40 characters.
    name: String,
    /// The member without an account who you are. Everything that they have shared is yours.
    #[schema(required = false)]
    member: Option<u32>,
    /// Adds a person without an account. Only members can do that.
    #[schema(required = false)]
    without_account: Option<bool>,
}

impl JoinGroup {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let name = body.required("name", name(40));
        let member = body.optional("member", integer(1, u32::MAX));
        let without_account = body.optional("without_account", |json| {
            serde_json::from_str::<bool>(json).map_err(|_| "must be true or false")
        });
        body.finish()?;
        // `finish` has already rejected every body without a valid name.
        let name = name.ok_or_else(|| Problem::invalid_json("the name could not be read"))?;
        Ok(Self { name, member, without_account })
    }
}

/// Joins the group, or changes your name. Who was in it before is the same member again. A member can also add a person
/// without an account.
#[utoipa::path(
    post, path = "/groups/{key}/members", tag = "groups", operation_id = "joinGroup", request_body = JoinGroup,
    params(
        ("key" = String, Path, description = "The key of the invite link"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 201, description = "Joined or added", body = GroupJson),
        (status = 200, description = "Had already joined", body = GroupJson),
        (status = 404, description = "No such group", body = ProblemDocument),
        (status = 409, description = "The group is closed (`joining_closed`) or full, or the member has an account", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    Path(key): Path<String>,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, Problem> {
    let key = group_key(&key)?;
    let bytes = body.bytes().clone();
    let wanted = JoinGroup::read(body)?;
    let route = "POST /groups/{key}/members";
    let mut once = match Once::begin(&state, &headers, user_id, route, key.as_str(), &bytes).await? {
        Begun::New(once) => once,
        Begun::Before(response) => return Ok(response),
    };
    let (member, is_here) = if wanted.without_account == Some(true) {
        let (group, _) = lock(&mut once.tx, &key, user_id).await?;
        (group.add_person(wanted.name).map_err(problem)?, false)
    } else {
        let group = load::lock(&mut once.tx, &key).await?.ok_or_else(no_such_group)?;
        let is_here = group.member_of(user_id).is_some();
        (group.join(user_id, wanted.name, wanted.member.map(MemberId), accounts(&state)).map_err(problem)?, is_here)
    };
    members::save(&mut once.tx, &key, &member, clock::now()).await?;
    let json = changed(&state, &mut once.tx, &key, user_id).await?;
    once.respond(if is_here { StatusCode::OK } else { StatusCode::CREATED }, &json).await
}

fn problem(refusal: JoinRefusal) -> Problem {
    let code = match refusal {
        JoinRefusal::TooMany => "too_many_members",
        JoinRefusal::Closed => "joining_closed",
        JoinRefusal::OtherMember => "joined_already",
        JoinRefusal::NotFree => "member_has_account",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}
