//! The administrator who makes a request. Others are refused, and that is recorded.

use super::live_session::session_of;
use super::problems::{blocked, no_such_user};
use crate::audit::{AuditEvent, Kind, Outcome};
use crate::client::ClientInfo;
use crate::state::State;
use crate::store;
use axum::extract::FromRequestParts;
use contracts::ids::UserId;
use http::request::Parts;
use http_api::problem::Problem;
use identity::{Administrator, Caller, Role};
use postgres::During;
use rabbit_outbox::Transaction;

/// An extractor that accepts administrators only; for others the page does not exist.
pub(super) struct Admin {
    pub(super) id: UserId,
    pub(super) client: ClientInfo,
    /// In development there are no sessions.
    has_session: bool,
}

impl Admin {
    /// Begins a transaction that changes the user `target`. Both users are locked, and the administrator must still be one:
    /// a block or another role that commits first is obeyed, also while the gateways do not know of it yet.
    ///
    /// # Errors
    /// 403 if the administrator was blocked, 404 if they are none any more.
    pub(super) async fn begin(&self, state: &State, target: i64) -> Result<Transaction, Problem> {
        let id = self.id;
        let mut tx = state.messaging.begin().await.during(format_args!("begin: user {id} changes user {target}"))?;
        store::users::lock_both(&mut tx, id.get(), target).await?;
        if self.has_session {
            let actor = store::users::lock(&mut tx, id.get()).await?.map(|known| known.user);
            let refused = match actor {
                Some(actor) if actor.is_blocked => Some(blocked()),
                Some(actor) if actor.role == Role::Administrator => None,
                Some(_) | None => Some(no_such_user()),
            };
            if let Some(problem) = refused {
                let event = AuditEvent::new(Kind::Administration, Outcome::Refused, &self.client);
                state.refusals.count(AuditEvent { actor: Some(id), ..event });
                return Err(problem);
            }
        }
        Ok(tx)
    }
}

impl FromRequestParts<State> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let has_session = session_of(&parts.headers).is_some();
        let (client, caller) = (ClientInfo::of(&parts.headers), identity::caller(&parts.headers));
        match Administrator::from_request_parts(parts, state).await {
            Ok(Administrator) => caller.map(|Caller(id)| Self { id, client, has_session }),
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
