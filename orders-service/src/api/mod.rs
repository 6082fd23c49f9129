//! HTTP endpoints: one file per operation.

mod get_order;
mod list_orders;
mod order_id;
pub(crate) mod order_json;
mod place_order;
mod watch;

use crate::state::State;
use axum::Router;
use http_api::docs;
use http_api::problem;
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from the same declarations.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    docs::documented(router.with_state(state), document)
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
