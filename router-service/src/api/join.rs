//! `POST /{hash}/participants`: joins the cheque under a name.

use super::change::change;
use super::nested_body::name;
use super::visitor::{Token, Visitor};
use crate::domain::join::{JoinRefusal, Joined};
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::extract::Path;
use http_api::problem::{Problem, ProblemDocument};
use serde::Serialize;

/// The request body.
#[derive(utoipa::ToSchema)]
struct Join {
    /// 1 to 40 characters.
    name: String,
}

/// The state, and for a new guest the secret token.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JoinedCheque)]
struct JoinedJson {
    #[serde(flatten)]
    state: StateJson,
    /// Send it as `X-Participant-Token` with later requests. It is returned only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_token: Option<String>,
}

impl Join {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let name = body.required("name", name(40));
        body.finish()?;
        // `finish` has already rejected every body without a valid name.
        name.map(|name| Self { name }).ok_or_else(|| Problem::invalid_json("the name could not be read"))
    }
}

/// Joins the cheque, or changes your name. A request without `X-User-ID` joins as a guest and gets a secret token. With
/// both the header and a guest's token, the guest becomes that user and keeps their claims.
#[utoipa::path(
    post, path = "/{hash}/participants", tag = "participants", operation_id = "joinCheque", request_body = Join,
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret token of a guest"),
    ),
    responses(
        (status = 201, description = "Joined", body = JoinedJson),
        (status = 200, description = "Had already joined", body = JoinedJson),
        (status = 409, description = "Too many participants, or merging is impossible after settling", body = ProblemDocument),
        (status = 422, description = "A field is invalid", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    Path(hash): Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let Join { name } = Join::read(body)?;
    let token = Token::draw();
    let (new_token, mut outcome) = (token.hash(), None);
    let split = change(&state, &hash, |split| {
        let (joined, id, new) = match split.join(visitor.0, name, Some(new_token)).map_err(problem)? {
            Joined::New(joined, id) => (joined, id, true),
            Joined::Existing(joined, id) => (joined, id, false),
        };
        outcome = Some((id, new));
        Ok((joined.version != split.version).then_some(joined))
    })
    .await?;
    let (id, new) = outcome.map_or((None, false), |(id, new)| (Some(id), new));
    let is_guest = id.and_then(|id| split.participant(id)).is_some_and(|one| one.user_id.is_none());
    let participant_token = (new && is_guest).then(|| token.into_secret());
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(JoinedJson { state: StateJson::of(&split, id), participant_token })).into_response())
}

fn problem(refusal: JoinRefusal) -> Problem {
    let code = match refusal {
        JoinRefusal::TooMany => "too_many_participants",
        JoinRefusal::SettledAlready => "settled_already",
    };
    Problem::new(StatusCode::CONFLICT, code, refusal.to_string())
}
