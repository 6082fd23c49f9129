//! What comes in over HTTP: one file per deed.

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

/// All routes, and the document that describes them: the two can't drift apart.
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

/// The caller as the domain knows them.
fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}

/// An id in a path; what is no UUID is no order either.
fn order_id(text: &str) -> Result<OrderId, Problem> {
    text.parse().map(OrderId).map_err(|_| no_such_order())
}

fn no_such_order() -> Problem {
    Problem::not_found("order_not_found", "there is no such order, or it is not yours")
}
