//! The HTTP API: one file per operation.

mod account_json;
mod get_balance;
mod list_transactions;
mod open_account;
mod top_up;

use crate::state::State;
use axum::Router;
use chassis::docs;
use chassis::identity::{Caller, unauthenticated};
use chassis::problem::{self, Problem};
use contracts::ids::UserId;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from them.
pub fn routes(state: State) -> Router {
    let about = docs::about("Chipin payments", "Accounts, top-ups, balances and statements.");
    let (router, document) = OpenApiRouter::with_openapi(about)
        .routes(routes!(open_account::handler))
        .routes(routes!(top_up::handler))
        .routes(routes!(get_balance::handler))
        .routes(routes!(list_transactions::handler))
        .merge(Operations::new(state.messaging.clone()).with_problem_types(problem::TYPES).routes())
        .split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

/// The caller as a user id of the domain.
fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}

fn no_account() -> Problem {
    Problem::not_found("account_not_found", "you have no account yet; a top-up opens one")
}
