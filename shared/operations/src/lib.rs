//! What a service tells its operators over HTTP: how its messaging is doing, and what it gave up.
//!
//! The same pages for every service, under `/operations`; the gateway lets nobody but a developer reach them.

mod letter_json;
mod page;
mod refusals;
mod selection;

mod list_letters;
mod messaging_state;
mod open_letter;
mod settle_letter;
mod settle_letters;

use rabbit_outbox::Messaging;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes of one service's operations, for its own router to merge: they are in its document too.
pub fn routes<S: Clone + Send + Sync + 'static>(messaging: Messaging) -> OpenApiRouter<S> {
    OpenApiRouter::new()
        .routes(routes!(messaging_state::handler))
        .routes(routes!(list_letters::handler))
        .routes(routes!(open_letter::handler))
        .routes(routes!(settle_letter::replay))
        .routes(routes!(settle_letter::discard))
        .routes(routes!(settle_letters::replay))
        .routes(routes!(settle_letters::discard))
        .with_state(messaging)
}
