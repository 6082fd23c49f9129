//! `POST /groups`: creates a group.

use super::access::seen_by;
use super::once::{Begun, Once};
use crate::api::nested_body::name;
use crate::domain::groups::group::Group;
use crate::state::State;
use crate::store;
use crate::wire::groups::group_json::GroupJson;
use axum::extract;
use axum::response::Response;
use contracts::ids::ChequeHash;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::problem::{Problem, ProblemDocument};
use identity::Caller;
use process::clock;

/// A new group.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct CreateGroup {
    /// Its name: 1 to 60 characters.
    name: String,
    /// Your name in it: 1 to 40 characters.
    your_name: String,
}

/// Creates a group, whose owner and first member you are. Users who have its link can join.
#[utoipa::path(
    post, path = "/groups", tag = "groups", operation_id = "createGroup", request_body = CreateGroup,
    params(("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again.")),
    responses(
        (status = 201, description = "Created", body = GroupJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
        (status = 409, description = "The key is in use", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    Caller(user_id): Caller,
    headers: HeaderMap,
    mut body: JsonBody,
) -> Result<Response, Problem> {
    let bytes = body.bytes().clone();
    let names = body.required("name", name(60)).zip(body.required("your_name", name(40)));
    body.finish()?;
    // `finish` has already rejected every body without both.
    let (name, your_name) = names.ok_or_else(|| Problem::invalid_json("the names could not be read"))?;
    let mut once = match Once::begin(&state, &headers, user_id, "POST /groups", "", &bytes).await? {
        Begun::New(once) => once,
        Begun::Before(response) => return Ok(response),
    };
    // 131 random bits, from a cryptographic generator that is seeded by the operating system.
    let key = ChequeHash::from_random(std::array::from_fn(|_| rand::random_range(0..62)));
    let group = Group::create(key, name, user_id, your_name);
    store::groups::group::insert(&mut once.tx, &group, clock::now()).await?;
    once.respond(StatusCode::CREATED, &seen_by(&state, &group, user_id)).await
}
