//! The HTTP API: one file per operation.

mod account_json;
mod get_balance;
mod list_transactions;
mod open_account;
mod problems;
mod top_up;
mod transaction_json;

use crate::state::State;
use axum::Router;
use http_api::docs;
use http_api::problem;
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from them.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    docs::documented(router.with_state(state), document)
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about = docs::about("Chipin payments", "Accounts, top-ups, balances and statements.");
    OpenApiRouter::with_openapi(about)
        .routes(routes!(open_account::handler))
        .routes(routes!(top_up::handler))
        .routes(routes!(get_balance::handler))
        .routes(routes!(list_transactions::handler))
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
