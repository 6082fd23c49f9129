//! HTTP endpoints: one file per operation.

mod cheque_json;
mod find_cheque;
mod get_cheque;
mod get_photo;
mod get_reading;
mod load_image;
mod refusals;
mod store_cheque;
mod store_page;
mod store_photos;
mod target;
mod upload;

use crate::state::State;
use axum::extract::DefaultBodyLimit;
use axum::{Router, middleware};
use http_api::docs;
use http_api::problem;
use http_server::time_limit;
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A minute for the upload and, as in the gateway, three for the queue and the recognition.
const LOAD_IMAGE_TIME_MAX: Duration = Duration::from_mins(4);

/// All routes, and the OpenAPI document generated from the same declarations.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    docs::documented(router.with_state(state), document)
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about = docs::about("Chipin cheques", "Recognises cheques on photos, and stores the photos.");
    OpenApiRouter::with_openapi(about)
        .routes(routes!(load_image::handler))
        // The upload handler enforces its own limit, which is larger than that of JSON bodies, with its own error.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(LOAD_IMAGE_TIME_MAX, time_limit::raise))
        .routes(routes!(get_reading::handler))
        .routes(routes!(get_cheque::handler))
        .routes(routes!(get_photo::handler))
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
