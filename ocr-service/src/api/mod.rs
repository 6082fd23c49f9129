//! What comes in over HTTP: one file per deed.

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
use chassis::docs;
use chassis::identity::{Caller, unauthenticated};
use chassis::problem::{self, Problem};
use contracts::ids::{ChequeHash, UserId};
use http::StatusCode;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::kept_cheque::KeptCheque;

/// All routes, and the document that describes them: the two can't drift apart.
pub fn routes(state: State) -> Router {
    let about = docs::about("Chipin cheques", "Reads cheques from photos, and keeps the photos.");
    let (router, document) = OpenApiRouter::with_openapi(about)
        .routes(routes!(load_image::handler))
        // The upload counts its bytes itself: more of them than of JSON, and an answer that says so.
        .layer(DefaultBodyLimit::disable())
        .routes(routes!(get_reading::handler))
        .routes(routes!(get_cheque::handler))
        .routes(routes!(get_photo::handler))
        .merge(Operations::new(state.messaging.clone()).with_problem_types(problem::TYPES).routes())
        .split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

/// The caller as the domain knows them.
fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}

/// The cheque whose key is in the path, whoever asks; what has not the form of a key is no cheque either.
async fn find(state: &State, hash: String) -> Result<KeptCheque, Problem> {
    let hash = ChequeHash::try_from(hash).map_err(|_| no_such_cheque())?;
    store::cheques::find(&state.database, &hash).await?.ok_or_else(no_such_cheque)
}

fn no_such_cheque() -> Problem {
    Problem::not_found("cheque_not_found", "there is no such cheque, or it is not yours")
}

fn expired() -> Problem {
    Problem::new(StatusCode::GONE, "cheque_expired", "the cheque was deleted, or its time is over")
}
