//! `/second-factor`: the caller's second factor. Changing it takes the password, and a code if it is on.

mod both;
mod recovery_codes;
mod remove;
mod set_up;
mod status;
mod turn_off;
mod turn_on;

use crate::state::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(status::handler))
        .routes(routes!(set_up::handler))
        .routes(routes!(turn_on::handler))
        .routes(routes!(recovery_codes::handler))
        .routes(routes!(turn_off::handler))
        .routes(routes!(remove::handler))
}
