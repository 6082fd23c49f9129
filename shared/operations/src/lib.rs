#![doc = include_str!("../README.md")]

mod acting;
mod body;
mod parameters;
mod problem;

mod dead_letter_json;
mod errors;
mod letter_id;
mod page;
mod selection;

mod delete_dead_letter;
mod get_dead_letter;
mod list_actions;
mod list_dead_letters;
mod messaging_state;
mod replace_dead_letter;
mod settle_dead_letter;
mod settle_dead_letters;
mod settle_selected;
mod topology;

use axum::Router;
use axum::middleware::map_response_with_state;
use axum::routing::{get, post};
use problem::ProblemSettings;
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
        let letter = get(get_dead_letter::handler).delete(delete_dead_letter::handler);
        Router::new()
            .route("/operations/messaging", get(messaging_state::handler))
            .route("/operations/topology", get(topology::handler))
            .route("/operations/dead-letter-actions", get(list_actions::handler))
            .route("/operations/dead-letters", get(list_dead_letters::handler))
            .route("/operations/dead-letters/replay", post(settle_dead_letters::replay))
            .route("/operations/dead-letters/discard", post(settle_dead_letters::discard))
            .route("/operations/dead-letters/replay-selected", post(settle_selected::replay))
            .route("/operations/dead-letters/discard-selected", post(settle_selected::discard))
            .route("/operations/dead-letters/{direction}/{event_id}", letter)
            .route("/operations/dead-letters/{direction}/{event_id}/replay", post(settle_dead_letter::replay))
            .route("/operations/dead-letters/{direction}/{event_id}/discard", post(settle_dead_letter::discard))
            .route("/operations/dead-letters/{direction}/{event_id}/replace", post(replace_dead_letter::handler))
            .layer(map_response_with_state(self.problem_settings(), problem::write))
            .with_state(self.messaging)
    }

    /// The routes with their OpenAPI document.
    #[cfg(feature = "openapi")]
    pub fn routes<S: Clone + Send + Sync + 'static>(self) -> OpenApiRouter<S> {
        OpenApiRouter::new()
            .routes(routes!(messaging_state::handler))
            .routes(routes!(topology::handler))
            .routes(routes!(list_actions::handler))
            .routes(routes!(list_dead_letters::handler))
            .routes(routes!(get_dead_letter::handler, delete_dead_letter::handler))
            .routes(routes!(settle_dead_letter::replay))
            .routes(routes!(settle_dead_letter::discard))
            .routes(routes!(replace_dead_letter::handler))
            .routes(routes!(settle_dead_letters::replay))
            .routes(routes!(settle_dead_letters::discard))
            .routes(routes!(settle_selected::replay))
            .routes(routes!(settle_selected::discard))
            .layer(map_response_with_state(self.problem_settings(), problem::write))
            .with_state(self.messaging)
    }

    fn problem_settings(&self) -> ProblemSettings {
        ProblemSettings { messaging: self.messaging.clone(), types: Arc::clone(&self.problem_types) }
    }
}
