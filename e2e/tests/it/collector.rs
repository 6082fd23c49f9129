//! A collector of spans within a test: it accepts the OTLP exports of the programs over HTTP.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A span, with the program that sent it.
#[derive(Clone, Debug)]
pub(crate) struct Collected {
    pub(crate) service: String,
    pub(crate) span: Span,
}

impl Collected {
    /// Whether the span has this service, kind and name: `gateway Server "POST /x"`.
    pub(crate) fn is(&self, service: &str, kind: SpanKind, name: &str) -> bool {
        self.service == service && self.span.kind() == kind && self.span.name == name
    }
}

/// The collector; it listens as long as the test's runtime exists.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    collected: Arc<Mutex<Vec<Collected>>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let collected = Arc::<Mutex<Vec<Collected>>>::default();
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&collected));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { endpoint, collected }
    }

    /// The id of the trace whose first span has an attribute with this text, if it was received.
    pub(crate) fn trace_mentioning(&self, text: &str) -> Option<Vec<u8>> {
        let mentions = |span: &Span| {
            let values = span.attributes.iter().filter_map(|attribute| attribute.value.clone()?.value);
            values.into_iter().any(|value| matches!(value, AnyValue::StringValue(found) if found == text))
        };
        let collected = self.collected.lock().unwrap();
        collected.iter().find(|one| mentions(&one.span)).map(|one| one.span.trace_id.clone())
    }

    /// The spans of one trace received so far.
    pub(crate) fn trace(&self, trace_id: &[u8]) -> Vec<Collected> {
        let collected = self.collected.lock().unwrap();
        collected.iter().filter(|one| one.span.trace_id == trace_id).cloned().collect()
    }
}

async fn take(State(collected): State<Arc<Mutex<Vec<Collected>>>>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let mut collected = collected.lock().unwrap();
    for resource in request.resource_spans {
        let attributes = resource.resource.unwrap().attributes;
        let name = attributes.into_iter().find(|attribute| attribute.key == "service.name").unwrap();
        let service = match name.value.unwrap().value.unwrap() {
            AnyValue::StringValue(name) => name,
            other => panic!("a service is called {other:?}"),
        };
        let spans = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        collected.extend(spans.map(|span| Collected { service: service.clone(), span }));
    }
}
