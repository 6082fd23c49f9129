//! The HTTP API: one file per operation.

mod audit_events;
mod block;
mod change_password;
mod ended_sessions;
mod jwks;
mod list_users;
mod login;
mod login_second_factor;
mod logout;
mod me;
mod refresh;
mod refusals;
mod register;
mod reset_password;
mod role;
mod second_factor;
mod sessions;
mod sign_out;

mod administrator;
mod check_password;
mod live_session;
mod problems;
mod read;
mod recheck_credentials;
mod session_json;
mod signed_in;
mod user_json;

use crate::state::State;
use axum::{Router, middleware};
use http_api::docs;
use http_api::problem;
use rabbit_outbox::Messaging;
use rabbit_outbox_operations::Operations;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// All routes, and the OpenAPI document generated from them.
pub fn routes(state: State) -> Router {
    let (router, document) = documented(state.messaging.clone()).split_for_parts();
    let live = middleware::from_fn_with_state(state.clone(), live_session::require_live_session);
    let router = router.merge(ended_sessions::routes()).merge(refusals::routes());
    docs::documented(router.layer(live).with_state(state), document)
}

/// The routes with their declarations, before they have a state.
fn documented(messaging: Messaging) -> OpenApiRouter<State> {
    let about = docs::about("Chipin users", "Registration, sign-in, sessions, and administration of users.");
    OpenApiRouter::with_openapi(about)
        .routes(routes!(register::handler))
        .routes(routes!(login::handler))
        .routes(routes!(login_second_factor::handler))
        .routes(routes!(refresh::handler))
        .routes(routes!(logout::handler))
        .routes(routes!(me::handler))
        .routes(routes!(change_password::handler))
        .routes(routes!(list_users::handler))
        .routes(routes!(block::block))
        .routes(routes!(block::unblock))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(sign_out::handler))
        .routes(routes!(role::handler))
        .routes(routes!(reset_password::issue))
        .routes(routes!(reset_password::handler))
        .merge(second_factor::routes())
        .routes(routes!(audit_events::handler))
        .routes(routes!(jwks::handler))
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
        // The gateway forwards these without a user: `gateway/src/forward/authorization.rs`.
        let public = [
            "GET /.well-known/jwks.json",
            "POST /login",
            "POST /login/second-factor",
            "POST /logout",
            "POST /password-reset",
            "POST /refresh",
            "POST /register",
        ];
        assert_eq!(testkit::openapi::without_user(&document), public);
    }
}
