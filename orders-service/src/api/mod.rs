//! HTTP endpoints: one file per operation.

mod get_order;
mod list_orders;
pub(crate) mod order_json;
mod place_order;
mod watch;

use crate::state::State;
use axum::Router;
use chassis::docs;
use chassis::identity::{Caller, unauthenticated};
use chassis::problem::{self, Problem};
use contracts::ids::{OrderId, UserId};
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from the same declarations.
pub fn routes(state: State, messaging: Messaging) -> Router {
    let about = docs::about("Chipin orders", "Orders, their states, and their live status over WebSocket.");
    let (router, document) = OpenApiRouter::with_openapi(about)
        .routes(routes!(place_order::handler, list_orders::handler))
        .routes(routes!(get_order::handler))
        .routes(routes!(watch::one_order))
        .routes(routes!(watch::all_orders))
        .merge(Operations::new(messaging).with_problem_types(problem::TYPES).routes())
        .split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

/// The caller's id as the domain type.
fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}

/// Parses an order id from the path. Text that is not a UUID gets the same 404 as an unknown order.
fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map(OrderId).map_err(|_| no_such_order())
}

fn no_such_order() -> Problem {
    Problem::not_found("order_not_found", "the order does not exist or belongs to another user")
}
