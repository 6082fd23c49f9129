//! HTTP endpoints: one file per operation.

mod cheque_json;
mod get_cheque;
mod get_photo;
mod get_reading;
mod load_image;
mod refusals;
mod upload;

use crate::state::State;
use crate::store;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use contracts::ids::{ChequeHash, UserId};
use http::StatusCode;
use http_api::docs;
use http_api::problem::{self, Problem};
use identity::{Caller, unauthenticated};
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::stored_cheque::StoredCheque;

/// All routes, and the OpenAPI document generated from the same declarations.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about = docs::about("Chipin cheques", "Recognises cheques on photos, and stores the photos.");
    OpenApiRouter::with_openapi(about)
        .routes(routes!(load_image::handler))
        // The upload handler enforces its own limit, which is larger than that of JSON bodies, with its own error.
        .layer(DefaultBodyLimit::disable())
        .routes(routes!(get_reading::handler))
        .routes(routes!(get_cheque::handler))
        .routes(routes!(get_photo::handler))
        .merge(Operations::new(messaging).with_problem_types(problem::TYPES).routes())
}

/// The caller's id as the domain type.
fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}

/// The cheque with the key in the path, for any caller. Text without the form of a key gets the same 404 as an unknown
/// key.
async fn find(state: &State, hash: String) -> Result<StoredCheque, Problem> {
    let hash = ChequeHash::try_from(hash).map_err(|_| no_such_cheque())?;
    store::cheques::find(&state.database, &hash).await?.ok_or_else(no_such_cheque)
}

fn no_such_cheque() -> Problem {
    Problem::not_found("cheque_not_found", "the cheque does not exist or belongs to another user")
}

fn expired() -> Problem {
    Problem::new(StatusCode::GONE, "cheque_expired", "the cheque was deleted or has expired")
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
