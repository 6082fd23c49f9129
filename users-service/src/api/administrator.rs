//! The administrator who makes a request. Others are refused, and that is recorded.

use crate::audit::{AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::state::State;
use axum::extract::FromRequestParts;
use contracts::ids::UserId;
use http::request::Parts;
use http_api::problem::Problem;
use identity::{Administrator, Caller};

/// An extractor that accepts administrators only; for others the page does not exist.
pub(super) struct Admin {
    pub(super) id: UserId,
    pub(super) client: ClientInfo,
}

impl FromRequestParts<State> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let (client, caller) = (ClientInfo::of(&parts.headers), identity::caller(&parts.headers));
        match Administrator::from_request_parts(parts, state).await {
            Ok(Administrator) => caller.map(|Caller(id)| Self { id, client }),
            Err(refusal) => {
                let actor = caller.ok().map(|Caller(id)| id);
                state
                    .refusals
                    .count(AuditEvent { actor, ..AuditEvent::new(Kind::Administration, Outcome::Refused, &client) });
                Err(refusal)
            }
        }
    }
}
