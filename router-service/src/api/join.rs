//! `POST /{hash}/participants`: joins, under a name.

use super::change::change;
use super::reading::name;
use super::visitor::{Token, Visitor};
use crate::domain::join::{JoinRefusal, Joined};
use crate::state::State;
use crate::wire::split_json::StateJson;
use axum::response::{IntoResponse, Response};
use axum::{Json, extract};
use chassis::body::JsonBody;
use chassis::problem::{Problem, ProblemDocument};
use http::StatusCode;
use serde::Serialize;

/// Who joins.
#[derive(utoipa::ToSchema)]
struct Join {
    /// 1 to 40 characters.
    name: String,
}

/// The state, and the secret of who joined as a guest.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JoinedCheque)]
struct JoinedJson {
    #[serde(flatten)]
    state: StateJson,
    /// Show it as `X-Participant-Token` from now on. It is said only once.
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_token: Option<String>,
}

impl Join {
    fn read(mut body: JsonBody) -> Result<Self, Problem> {
        let name = body.required("name", name(40));
        body.finish()?;
        // `finish` has refused every body in which the name could not be read.
        name.map(|name| Self { name }).ok_or_else(|| Problem::invalid_json("the name could not be read"))
    }
}

/// Joins the cheque, or changes one's name. Without `X-User-ID` as a guest, who gets a secret token. With both the
/// header and the token of a guest, the guest becomes that user and keeps what they took.
#[utoipa::path(
    post, path = "/{hash}/participants", tag = "participants", operation_id = "joinCheque", request_body = Join,
    params(
        ("hash" = String, Path, description = "The key of the share link"),
        ("X-Participant-Token" = Option<String>, Header, description = "The secret of who joined as a guest"),
    ),
    responses(
        (status = 201, description = "Joined", body = JoinedJson),
        (status = 200, description = "Was here already", body = JoinedJson),
        (status = 409, description = "The table is full, or you have settled twice over", body = ProblemDocument),
        (status = 422, description = "A field is wrong", body = ProblemDocument),
    )
)]
pub(super) async fn handler(
    extract::State(state): extract::State<State>,
    visitor: Visitor,
    extract::Path(hash): extract::Path<String>,
    body: JsonBody,
) -> Result<Response, Problem> {
    let Join { name } = Join::read(body)?;
    let token = Token::draw();
    let (fresh, mut outcome) = (token.hash(), None);
    let split = change(&state, &hash, |split| {
        let (joined, id, new) = match split.join(visitor.0, name, Some(fresh)).map_err(problem)? {
            Joined::Newly(joined, id) => (joined, id, true),
            Joined::Before(joined, id) => (joined, id, false),
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
