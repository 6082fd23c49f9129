//! A service that rejects parcels without a weight, with the router below `/internal`.

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, header};
use rabbit_outbox::dead_letters::Operator;
use rabbit_outbox::{Event, EventId, HandleError, Meta, Subscriptions, Transaction};
use rabbit_outbox_testing::Harness;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

/// A parcel was sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ParcelSent {
    /// The parcel's number.
    pub(crate) parcel: i64,
    /// Its weight in grams; 0 is rejected.
    pub(crate) weight: i64,
}

impl Event for ParcelSent {
    const TYPE: &'static str = "parcels.ParcelSent.v1";

    fn ordering_key(&self) -> String {
        self.parcel.to_string()
    }
}

async fn weigh(_: &mut Transaction, event: &ParcelSent, _: &Meta) -> Result<(), HandleError> {
    if event.weight == 0 { Err(HandleError::reject("a parcel weighs something")) } else { Ok(()) }
}

/// The service, with a client.
pub(crate) struct Service {
    pub(crate) harness: Harness,
    router: Router,
}

/// Who makes all requests.
pub(crate) fn operator() -> Operator {
    let text = |text: &str| Some(text.to_owned());
    Operator { name: text("7"), address: text("203.0.113.9"), request_id: text("r-1") }
}

/// A response.
pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) link: Option<String>,
    pub(crate) media_type: String,
    pub(crate) json: Value,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let harness = Harness::start().await;
        harness.subscribe("scales", Subscriptions::new().on_fn(weigh)).await;
        let messaging = harness.service("scales").await;
        let router = Router::new().nest("/internal", rabbit_outbox_operations::router(messaging));
        Self { harness, router }
    }

    /// Inserts a dead letter of the service.
    pub(crate) async fn dead_letter(&self, parcel: i64) -> EventId {
        let event = ParcelSent { parcel, weight: 0 };
        let id = EventId(Uuid::now_v7());
        let payload = json!({
            "specversion": "1.0", "id": id.0, "source": "parcels", "type": ParcelSent::TYPE, "subject": "parcel",
            "time": "2026-11-28T10:00:00Z", "datacontenttype": "application/json", "sequence": "1",
            "partitionkey": parcel.to_string(), "correlationid": id.0, "data": event,
        });
        sqlx::query(
            "insert into dead_letters (direction, event_id, event_type, ordering_key, reason, attempts, content_type, \
             payload, lane, sequence, correlation_id, occurred_at, first_failed_at) \
             values ('incoming', $1, $2, $3, 'rejected: a parcel weighs something', 1, $4, $5, 0, 1, $1, now(), now())",
        )
        .bind(id.0)
        .bind(ParcelSent::TYPE)
        .bind(parcel.to_string())
        .bind("application/cloudevents+json")
        .bind(serde_json::to_vec(&payload).unwrap())
        .execute(&self.harness.pool("scales").await)
        .await
        .unwrap();
        id
    }

    pub(crate) async fn get(&self, path: &str) -> TestResponse {
        self.ask("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> TestResponse {
        self.ask("POST", path, body).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, body: &str) -> TestResponse {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/internal/operations{path}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()))
            .unwrap();
        request.extensions_mut().insert(operator());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text = |name| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (link, media_type) = (text(header::LINK), text(header::CONTENT_TYPE).unwrap_or_default());
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        TestResponse { status, link, media_type, json: serde_json::from_slice(&bytes).unwrap_or_default() }
    }
}
