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
    subscriptions: Vec<SubscriptionJson>,
    /// The same under its former name, for one release.
    #[cfg_attr(feature = "openapi", schema(deprecated))]
    hears: Vec<SubscriptionJson>,
}

/// One binding of the inbox.
#[derive(Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Subscription))]
pub(crate) struct SubscriptionJson {
    /// The exchange of the publishing service.
    exchange: String,
    /// The wire type, or a pattern for publishers outside the system.
    routing_key: String,
}

impl TopologyJson {
    fn new(subscriptions: Vec<SubscriptionJson>) -> Self {
        Self { hears: subscriptions.clone(), subscriptions }
    }
}

/// The subscriptions of this release. Other bindings of the inbox are obsolete or belong to another release.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/operations/topology", tag = "operations", operation_id = "messagingTopology",
    responses((status = 200, description = "The exchanges, queues and bindings of the service", body = TopologyJson))
))]
pub(crate) async fn handler(State(messaging): State<Messaging>) -> Json<TopologyJson> {
    let bindings = messaging.topology().subscriptions.into_iter();
    let subscriptions: Vec<_> =
        bindings.map(|one| SubscriptionJson { exchange: one.exchange, routing_key: one.routing_key }).collect();
    Json(TopologyJson::new(subscriptions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn subscriptions_have_their_former_name_too_for_one_release() {
        let one =
            || SubscriptionJson { exchange: "orders".to_owned(), routing_key: "orders.OrderCreated.v1".to_owned() };
        let expected = json!([{ "exchange": "orders", "routing_key": "orders.OrderCreated.v1" }]);
        let topology = serde_json::to_value(TopologyJson::new(vec![one()])).unwrap_or_default();
        assert_eq!(topology, json!({ "subscriptions": expected, "hears": expected }));
    }
}
