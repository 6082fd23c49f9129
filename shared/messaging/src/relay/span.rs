//! The span of an event's way to the broker: from its append to the broker's confirm.

use super::row::Row;
use super::verdict::Verdict;
use trace::{Kind, Span, TraceContext};

/// Leaves the span of one try, as a child of whoever appended the event. An event without a trace has none.
pub(super) fn leave(row: &Row, verdict: &Verdict) {
    if !trace::is_exporting() {
        return;
    }
    let appender = row.traceparent.as_deref().and_then(|text| text.parse::<TraceContext>().ok());
    let Some(appender) = appender else { return };
    let name = || format!("publish {}", row.event_type());
    let mut span = Span::start(appender.child(), Kind::Producer, name).since(row.occurred_at.into());
    span.set("messaging.system", "rabbitmq");
    span.set("messaging.operation.type", "send");
    span.set("messaging.destination.name", &row.route.exchange);
    span.set("messaging.rabbitmq.destination.routing_key", &row.route.routing_key);
    span.set("messaging.message.id", row.event_id);
    match verdict {
        Verdict::Delivered => {}
        Verdict::Returned(_) if row.allow_unrouted => {}
        Verdict::Returned(reason)
        | Verdict::Refused(reason)
        | Verdict::Barred(reason)
        | Verdict::Unconfirmed(reason) => span.fail(reason),
    }
}
