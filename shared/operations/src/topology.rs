//! `GET /operations/topology`: the events that this release of the service subscribes to.

use axum::Json;
use axum::extract::State;
use rabbit_outbox::Messaging;
use serde::Serialize;

/// The broker objects of this release, in addition to the exchanges and queues of every service.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Topology))]
pub(crate) struct TopologyJson {
    /// The bindings of the inbox.
    hears: Vec<SubscriptionJson>,
}

/// One binding of the inbox.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Heard))]
pub(crate) struct SubscriptionJson {
    /// The exchange of the publishing service.
    exchange: String,
    /// The wire type, or a pattern for publishers outside the system.
    routing_key: String,
}

/// The subscriptions of this release. Other bindings of the inbox are obsolete or belong to another release.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/topology", tag = "operations", operation_id = "messagingTopology",
    responses((status = 200, description = "The exchanges, queues and bindings of the service", body = TopologyJson))
))]
pub(crate) async fn handler(State(messaging): State<Messaging>) -> Json<TopologyJson> {
    let bindings = messaging.topology().subscriptions.into_iter();
    let hears = bindings.map(|one| SubscriptionJson { exchange: one.exchange, routing_key: one.routing_key });
    Json(TopologyJson { hears: hears.collect() })
}
