#![doc = include_str!("../README.md")]

mod body;
mod parameters;
mod problem;

mod address;
mod letter_json;
mod page;
mod refusals;
mod selection;

mod delete_letter;
mod list_letters;
mod messaging_state;
mod open_letter;
mod replace_letter;
mod settle_letter;
mod settle_letters;
mod settle_selected;
mod topology;

use axum::Router;
use axum::middleware::map_response_with_state;
use axum::routing::{get, post};
use problem::Described;
use rabbit_outbox::Messaging;
use std::sync::Arc;
#[cfg(feature = "openapi")]
use utoipa_axum::{router::OpenApiRouter, routes};

/// The operations routes of a service, to be merged into its own router. They do not authenticate requests, so put them
/// behind your own authorization.
pub fn router(messaging: Messaging) -> Router {
    Operations::new(messaging).router()
}

/// The operations routes with settings.
#[derive(Clone)]
pub struct Operations {
    messaging: Messaging,
    problem_types: Arc<str>,
}

impl Operations {
    /// The operations of the service with this messaging.
    pub fn new(messaging: Messaging) -> Self {
        Self { messaging, problem_types: "urn:rabbit-outbox:problem:".into() }
    }

    /// Sets the prefix of problem types; the code of the problem follows it.
    #[must_use]
    pub fn with_problem_types(self, beginning: &str) -> Self {
        Self { problem_types: beginning.into(), ..self }
    }

    /// The routes, below `/operations`.
    pub fn router(self) -> Router {
        let letter = get(open_letter::handler).delete(delete_letter::handler);
        Router::new()
            .route("/operations/messaging", get(messaging_state::handler))
            .route("/operations/topology", get(topology::handler))
            .route("/operations/dead-letters", get(list_letters::handler))
            .route("/operations/dead-letters/replay", post(settle_letters::replay))
            .route("/operations/dead-letters/discard", post(settle_letters::discard))
            .route("/operations/dead-letters/replay-selected", post(settle_selected::replay))
            .route("/operations/dead-letters/discard-selected", post(settle_selected::discard))
            .route("/operations/dead-letters/{direction}/{event_id}", letter)
            .route("/operations/dead-letters/{direction}/{event_id}/replay", post(settle_letter::replay))
            .route("/operations/dead-letters/{direction}/{event_id}/discard", post(settle_letter::discard))
            .route("/operations/dead-letters/{direction}/{event_id}/replace", post(replace_letter::handler))
            .layer(map_response_with_state(self.described(), problem::write))
            .with_state(self.messaging)
    }

    /// The routes with their OpenAPI document.
    #[cfg(feature = "openapi")]
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> OpenApiRouter<S> {
        OpenApiRouter::new()
            .routes(routes!(messaging_state::handler))
            .routes(routes!(topology::handler))
            .routes(routes!(list_letters::handler))
            .routes(routes!(open_letter::handler, delete_letter::handler))
            .routes(routes!(settle_letter::replay))
            .routes(routes!(settle_letter::discard))
            .routes(routes!(replace_letter::handler))
            .routes(routes!(settle_letters::replay))
            .routes(routes!(settle_letters::discard))
            .routes(routes!(settle_selected::replay))
            .routes(routes!(settle_selected::discard))
            .layer(map_response_with_state(self.described(), problem::write))
            .with_state(self.messaging)
    }

    fn described(&self) -> Described {
        Described { messaging: self.messaging.clone(), types: Arc::clone(&self.problem_types) }
    }
}
