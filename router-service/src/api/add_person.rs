//! `POST /{hash}/people`: the owner adds a participant by name, who has no device at hand.

use super::join;
use super::keyed::keyed;
use super::nested_body::name;
use super::visitor::Visitor;
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::extract;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use identity::unauthenticated;
use postgres::idempotency::Scope;
use serde::Serialize;

/// The request body.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the document; it is read field by field")]
struct AddPerson {
    /// 1 to 40 characters.
    name: String,
}

/// The state, and who was added.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = AddedPerson)]
struct AddedJson {
    #[serde(flatten)]
    state: StateJson,
    /// The number of the participant.
    participant: u32,
}

/// Adds a participant by name, also when joining is closed. A visitor can be this participant later: join
/// with `participant`.
#[utoipa::path(
    post, path = "/{hash}/people", tag = "participants", operation_id = "addPerson", request_body = AddPerson,
    security((), ("bearer" = []), ("user" = []), ("guest" = [])),
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("Idempotency-Key" = Option<String>, Header, description = "A retry with it gets the first response again."),
    ),
    responses(
        (status = 201, description = "Added; the new state of the cheque", body = AddedJson),
        (status = 401, description = "Not authenticated", body = ProblemDocument),
        (status = 404, description = "No such cheque, or another user's", body = ProblemDocument),
        (status = 409, description = "Too many participants", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    headers: HeaderMap,
    mut body: JsonBody,
) -> Result<Response, Problem> {
    let user_id = visitor.0.user_id.ok_or_else(|| unauthenticated("only the owner can add people: sign in"))?;
    let request = [hash.as_bytes(), b"/", body.bytes()].concat();
    let scope = Scope::of(&headers, user_id.get(), "POST /{hash}/people", &request)?;
    let name = body.required("name", name(40));
    body.finish()?;
    // `finish` has already rejected every body without a valid name.
    let name = name.ok_or_else(|| Problem::invalid_json("the name could not be read"))?;
    keyed(
        &state,
        &hash,
        visitor,
        scope,
        |split| {
            visitor.require_owner(split)?;
            let (added, id) = split.add_person(name).map_err(join::problem)?;
            Ok((Some(added), id))
        },
        |split, id| {
            let state = StateJson::of(split, split.participant_for(visitor.0));
            (StatusCode::CREATED, AddedJson { state, participant: id.0 })
        },
    )
    .await
}
