//! `GET /operations/topology`: what this release of the service hears.

use axum::Json;
use axum::extract::State;
use rabbit_outbox::Messaging;
use serde::Serialize;

/// What this release wants on the broker, beside the exchanges and queues that every service has.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Topology))]
pub(crate) struct TopologyJson {
    /// Bindings of its inbox.
    hears: Vec<HeardJson>,
}

/// One binding of the inbox.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Heard))]
pub(crate) struct HeardJson {
    /// The exchange of the service that publishes it.
    exchange: String,
    /// The wire type; a pattern if the publisher is a foreign one.
    routing_key: String,
}

/// What this release hears: bindings of the inbox beyond these are left over, or of another release.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/topology", tag = "operations", operation_id = "messagingTopology",
    responses((status = 200, body = TopologyJson))
))]
pub(crate) async fn handler(State(messaging): State<Messaging>) -> Json<TopologyJson> {
    let bindings = messaging.topology().heard.into_iter();
    let hears = bindings.map(|one| HeardJson { exchange: one.exchange, routing_key: one.routing_key });
    Json(TopologyJson { hears: hears.collect() })
}
