//! A request that happens once per idempotency key.

use crate::state::State;
use axum::response::{IntoResponse, Response};
use contracts::ids::UserId;
use http::{HeaderMap, StatusCode};
use http_api::problem::Problem;
use postgres::During;
use postgres::idempotency::{self, Claim, Scope, StoredResponse};
use rabbit_outbox::Transaction;
use serde::Serialize;

/// A transaction that holds the key of a request, if it has one.
pub(super) struct Once {
    pub(super) tx: Transaction,
    scope: Option<Scope>,
    route: &'static str,
}

/// The beginning of a request.
pub(super) enum Begun {
    /// It is new.
    New(Box<Once>),
    /// There was an earlier request with this key.
    Before(Response),
}

impl Once {
    /// Begins. Keys are scoped to user and route. `path` is part of the fingerprint, so that a key cannot be reused for
    /// another group.
    ///
    /// # Errors
    /// 409 and 422 for a key that is in use, or was used for another request.
    pub(super) async fn begin(
        state: &State,
        headers: &HeaderMap,
        user_id: UserId,
        route: &'static str,
        path: &str,
        body: &[u8],
    ) -> Result<Begun, Problem> {
        let scope = Scope::of(headers, user_id.get(), route, &[path.as_bytes(), b"/", body].concat())?;
        let mut tx = state.messaging.begin().await.during(format_args!("begin {route} of user {user_id}"))?;
        if let Claim::Respond(earlier) = idempotency::claim(&mut tx, scope.as_ref()).await? {
            tx.rollback().await.during(format_args!("roll back a repeated {route} of user {user_id}"))?;
            return Ok(Begun::Before(earlier.respond()?));
        }
        Ok(Begun::New(Box::new(Self { tx, scope, route })))
    }

    /// Stores the response for a repeated request, and commits.
    ///
    /// # Errors
    /// If a query fails.
    pub(super) async fn respond(mut self, status: StatusCode, json: &impl Serialize) -> Result<Response, Problem> {
        let body = serde_json::to_vec(json).map_err(|error| Problem::internal(&error))?;
        let response = StoredResponse { status, location: None, body };
        idempotency::store(&mut self.tx, self.scope.as_ref(), &response).await?;
        self.tx.commit().await.during(format_args!("commit {}", self.route))?;
        Ok(response.into_response())
    }
}
