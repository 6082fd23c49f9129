//! HTTP endpoints: one file per operation.

mod get_order;
mod list_orders;
pub(crate) mod order_json;
mod place_order;
mod watch;

use crate::state::State;
use axum::Router;
use contracts::ids::{OrderId, UserId};
use http_api::docs;
use http_api::problem::{self, Problem};
use identity::{Caller, unauthenticated};
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from the same declarations.
pub fn routes(state: State, messaging: Messaging) -> Router {
    let (router, document) = documented(messaging).split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about = docs::about("Chipin orders", "Orders, their states, and their live status over WebSocket.");
    OpenApiRouter::with_openapi(about)
        .routes(routes!(place_order::handler, list_orders::handler))
        .routes(routes!(get_order::handler))
        .routes(routes!(watch::one_order))
        .routes(routes!(watch::all_orders))
        .merge(Operations::new(messaging).with_problem_types(problem::TYPES).routes())
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

#[cfg(test)]
mod tests {
    use super::documented;
    use http_api::docs;
    use rabbit_outbox::Messaging;
    use sqlx::PgPool;

    #[tokio::test]
    async fn the_openapi_document_is_valid() {
        // Nothing connects to either.
        let database = PgPool::connect_lazy("postgres://database.invalid").unwrap();
        let messaging = Messaging::new(crate::SERVICE, database, "amqp://broker.invalid");
        let document = serde_json::to_value(docs::complete(documented(messaging).into_openapi())).unwrap();
        assert_eq!(testkit::openapi::faults(&document), Vec::<String>::new());
    }
}
