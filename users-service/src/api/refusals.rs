//! `POST /internal/refusals`: what gateways have refused, for the audit trail. It is not in the OpenAPI document, because
//! the gateway forwards nothing below `/internal`.

use crate::audit::{AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::state::State;
use axum::routing::post;
use axum::{Router, extract};
use contracts::ids::UserId;
use http::StatusCode;
use http_api::body::JsonBody;
use http_api::problem::Problem;
use serde::Deserialize;
use std::net::IpAddr;

/// What a gateway has refused since its last request.
#[derive(Deserialize)]
struct Refused {
    refusals: Vec<Refusal>,
}

/// Equal refusals.
#[derive(Deserialize)]
struct Refusal {
    reason: Reason,
    /// The user whom the token names, if it is one of ours.
    user: Option<UserId>,
    address: Option<IpAddr>,
    /// Of the first one.
    request_id: Option<String>,
    count: u32,
}

/// Why the gateway refused.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reason {
    /// The access token or ticket is invalid, expired or used.
    InvalidToken,
    /// The session of the token has ended.
    EndedSession,
    /// The page is for administrators.
    Administration,
}

/// The route.
pub(super) fn routes() -> Router<State> {
    Router::new().route("/internal/refusals", post(handler))
}

async fn handler(extract::State(state): extract::State<State>, body: JsonBody) -> Result<StatusCode, Problem> {
    let refused: Refused =
        serde_json::from_slice(body.bytes()).map_err(|_| Problem::invalid_json("not a list of refusals"))?;
    for refusal in refused.refusals {
        state.refusals.count(refusal.into());
    }
    Ok(StatusCode::NO_CONTENT)
}

impl From<Refusal> for AuditEvent {
    fn from(Refusal { reason, user, address, request_id, count }: Refusal) -> Self {
        let (kind, outcome, detail) = match reason {
            Reason::InvalidToken => (Kind::AccessToken, Outcome::Failed, "invalid, expired or used"),
            Reason::EndedSession => (Kind::AccessToken, Outcome::Refused, "the session has ended"),
            Reason::Administration => (Kind::Administration, Outcome::Refused, "operations"),
        };
        let client = ClientInfo::reported(address, request_id);
        let event = Self { actor: user, count: i64::from(count.max(1)), ..Self::new(kind, outcome, &client) };
        event.with_detail(detail)
    }
}
