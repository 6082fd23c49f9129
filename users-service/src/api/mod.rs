//! What comes in over HTTP: one file per deed.

mod block;
mod change_password;
mod jwks;
mod list_users;
mod login;
mod logout;
mod me;
mod refresh;
pub(crate) mod register;
pub(crate) mod user_json;

mod read;

use crate::state::State;
use axum::Router;
use chassis::docs;
use chassis::problem::Problem;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the document that describes them: the two can't drift apart.
pub fn routes(state: State) -> Router {
    let about = docs::about("Chipin users", "Registering, signing in and staying signed in; looking after users.");
    let (router, document) = OpenApiRouter::with_openapi(about)
        .routes(routes!(register::handler))
        .routes(routes!(login::handler))
        .routes(routes!(refresh::handler))
        .routes(routes!(logout::handler))
        .routes(routes!(me::handler))
        .routes(routes!(change_password::handler))
        .routes(routes!(list_users::handler))
        .routes(routes!(block::block))
        .routes(routes!(block::unblock))
        .routes(routes!(jwks::handler))
        .merge(operations::routes(state.messaging.clone()))
        .split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

fn wrong_credentials() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "no such login, or another password")
}

fn blocked() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "blocked", "an administrator has blocked this user")
}

fn no_such_user() -> Problem {
    Problem::not_found("user_not_found", "there is no such user")
}
