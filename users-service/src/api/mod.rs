//! The HTTP API: one file per operation.

mod block;
mod change_password;
mod jwks;
mod list_users;
mod login;
mod logout;
mod me;
mod refresh;
mod register;

mod read;
mod session_json;
mod user_json;

use crate::state::State;
use crate::store;
use crate::user::User;
use axum::Router;
use contracts::ids::UserId;
use http::StatusCode;
use http_api::docs;
use http_api::problem::{self, Problem};
use rabbit_outbox::{Messaging, Transaction};
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from them.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    router.with_state(state).merge(docs::routes(document))
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about = docs::about("Chipin users", "Registration, sign-in, sessions, and administration of users.");
    OpenApiRouter::with_openapi(about)
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
        .merge(Operations::new(messaging).with_problem_types(problem::TYPES).routes())
}

/// Locks the user until the transaction ends and repeats the check: since the password was verified against `hash`, it
/// may have been changed, or the user blocked.
///
/// # Errors
/// 401 when the password has changed, 403 when the user is blocked.
async fn recheck_credentials(tx: &mut Transaction, id: UserId, hash: &str) -> Result<User, Problem> {
    let known = store::users::lock(tx, id.get()).await?.filter(|known| known.password_hash == hash);
    let user = known.ok_or_else(wrong_credentials)?.user;
    if user.is_blocked { Err(blocked()) } else { Ok(user) }
}

fn wrong_credentials() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "unknown login or wrong password")
}

fn blocked() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "blocked", "an administrator has blocked this user")
}

fn no_such_user() -> Problem {
    Problem::not_found("user_not_found", "there is no such user")
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
