//! One trace contains the whole processing of an order, and of a transfer for a cheque: from the request through
//! outbox, broker and inbox to the socket.

use crate::collector::{Collected, Collector};
use crate::stage::{Stage, place};
use crate::table::{Table, standing};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::json;
use testkit::eventually;

/// A step: service, span kind, span name, index of its parent step.
type Step = (&'static str, SpanKind, &'static str, Option<usize>);

/// The trace context that the client names. It is not continued: the trace of the request only mentions it.
const TRACE_ID: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const CALLER: u64 = 0x00f0_67aa_0ba9_02b7;

/// The steps of an order.
const OF_AN_ORDER: [Step; 9] = [
    ("gateway", SpanKind::Server, "POST /orders/{*path}", None),
    ("gateway", SpanKind::Client, "forward to orders-service", Some(0)),
    ("orders-service", SpanKind::Server, "POST /orders", Some(1)),
    ("orders-service", SpanKind::Producer, "publish orders.OrderCreated.v1", Some(2)),
    ("orders-service", SpanKind::Internal, "push", Some(2)),
    ("payments-service", SpanKind::Consumer, "handle orders.OrderCreated.v1", Some(2)),
    ("payments-service", SpanKind::Producer, "publish payments.PaymentCompleted.v1", Some(5)),
    ("orders-service", SpanKind::Consumer, "handle payments.PaymentCompleted.v1", Some(5)),
    ("orders-service", SpanKind::Internal, "push", Some(7)),
];

/// The steps of a transfer for a cheque.
const OF_A_TRANSFER: [Step; 9] = [
    ("gateway", SpanKind::Server, "POST /small-router/{*path}", None),
    ("gateway", SpanKind::Client, "forward to router-service", Some(0)),
    ("router-service", SpanKind::Server, "POST /{hash}/settle", Some(1)),
    ("router-service", SpanKind::Producer, "publish router.TransferRequested.v1", Some(2)),
    ("router-service", SpanKind::Internal, "push", Some(2)),
    ("payments-service", SpanKind::Consumer, "handle router.TransferRequested.v1", Some(2)),
    ("payments-service", SpanKind::Producer, "publish payments.TransferCompleted.v1", Some(5)),
    ("router-service", SpanKind::Consumer, "handle payments.TransferCompleted.v1", Some(5)),
    ("router-service", SpanKind::Internal, "push", Some(7)),
];

#[tokio::test]
async fn one_trace_leads_from_the_request_to_the_socket() {
    let collector = Collector::start().await;
    let stage = Stage::exporting_to(&collector.endpoint).await;
    stage.top_up(1, 1000).await;
    let mut socket = stage.watch(1, "/ws/orders").await;
    // After its first message, a socket is subscribed and gets changes instead of the initial state.
    let earlier = stage.place(1, 100).await;
    socket.until(|message| message["order_id"] == earlier.as_str() && message["status"] == "PAID").await;
    let id = place(&stage.user(1).with_header("traceparent", &traceparent()), 100).await;
    socket.until(|message| message["order_id"] == id.as_str() && message["status"] == "PAID").await;
    assert_traced(&collector, &OF_AN_ORDER).await;
}

#[tokio::test]
async fn one_trace_leads_from_settling_to_the_socket_of_the_cheque() {
    let collector = Collector::start().await;
    let table = Table::exporting_to(&collector.endpoint).await;
    let hash = table.photographed().await;
    table.takes(2, &hash, 3, 1, 1).await;
    table.top_up(2, 1000).await;
    let mut socket = table.watch(&hash).await;
    socket.next().await;
    // After receiving a change, a socket is subscribed; earlier messages are the initial state.
    table.takes(2, &hash, 1, 1, 2).await;
    socket.until(|state| standing(state, 2).0 == json!(400)).await;
    let settle = format!("/small-router/{hash}/settle");
    let asked = table.user(2).with_header("traceparent", &traceparent()).post(&settle, r#"{"amount": 400}"#).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    socket.until(|state| standing(state, 2).1 == "paid").await;
    assert_traced(&collector, &OF_A_TRANSFER).await;
}

fn traceparent() -> String {
    format!("00-{TRACE_ID:032x}-{CALLER:016x}-01")
}

/// Checks that all steps exist, and that every span has its parent.
async fn assert_traced(collector: &Collector, steps: &[Step]) {
    let client = format!("{TRACE_ID:032x}");
    eventually(true, async || collector.trace_mentioning(&client).is_some()).await;
    let trace_id = collector.trace_mentioning(&client).unwrap();
    assert_ne!(trace_id, TRACE_ID.to_be_bytes());
    assert!(collector.trace(&TRACE_ID.to_be_bytes()).is_empty(), "nothing is in the trace of the client");
    eventually(None, async || missing(&collector.trace(&trace_id), steps)).await;
    let spans = collector.trace(&trace_id);
    for Collected { service, span } in &spans {
        let parent_is_there =
            span.parent_span_id.is_empty() || spans.iter().any(|other| other.span.span_id == span.parent_span_id);
        assert!(parent_is_there, "{service}'s span `{}` has no parent in {spans:#?}", span.name);
        assert!(span.start_time_unix_nano <= span.end_time_unix_nano, "{span:?}");
    }
}

/// The first step whose span does not exist or has the wrong parent.
fn missing(spans: &[Collected], steps: &[Step]) -> Option<&'static str> {
    let mut ids: Vec<Vec<u8>> = vec![];
    for &(service, kind, name, parent) in steps {
        let parent = parent.map_or(vec![], |index| ids[index].clone());
        let step = spans.iter().find(|one| one.is(service, kind, name) && one.span.parent_span_id == parent);
        let Some(step) = step else { return Some(name) };
        ids.push(step.span.span_id.clone());
    }
    None
}
