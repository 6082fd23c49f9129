//! The span of publishing an event: from its append to the broker's confirm.

use super::row::Row;
use super::verdict::Verdict;
use crate::propagation::{Attribute, NewSpan, Side, Tracing};

/// Records the span of one attempt, as a child of the code that appended the event. An event without a trace has none.
pub(super) fn leave(tracing: &dyn Tracing, row: &Row, verdict: &Verdict) {
    if !tracing.is_recording() {
        return;
    }
    let Some(appender) = row.traceparent.as_deref() else { return };
    let (name, id) = (format!("publish {}", row.event_type()), row.event_id.to_string());
    let attributes = [
        ("messaging.system", Attribute::Text("rabbitmq")),
        ("messaging.operation.type", Attribute::Text("send")),
        ("messaging.destination.name", Attribute::Text(&row.route.exchange)),
        ("messaging.rabbitmq.destination.routing_key", Attribute::Text(&row.route.routing_key)),
        ("messaging.message.id", Attribute::Text(&id)),
    ];
    let since = Some(row.occurred_at.into());
    let new = NewSpan { side: Side::Producer, name: &name, since, attributes: &attributes };
    let mut span = tracing.start(new, Some(appender));
    match verdict {
        Verdict::Delivered => {}
        Verdict::Returned(_) if row.allow_unrouted => {}
        Verdict::Returned(reason)
        | Verdict::Refused(reason)
        | Verdict::Barred(reason)
        | Verdict::Unacceptable(reason)
        | Verdict::Unconfirmed(reason) => span.fail(reason),
    }
}
