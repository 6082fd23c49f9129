//! Spans of handlers: one per event, also if a set of events is handled at once.

use super::incoming::Incoming;
use super::outcome::HandleError;
use crate::propagation::{Attribute, NewSpan, OpenSpan, Side, Tracing};

/// Starts the spans of a set, and writes the context of each into its event.
pub(super) fn begin(tracing: &dyn Tracing, set: &mut [Incoming]) -> Vec<Box<dyn OpenSpan>> {
    let together = i64::try_from(set.len()).unwrap_or(i64::MAX);
    set.iter_mut()
        .map(|incoming| {
            let span = start(tracing, incoming, together);
            incoming.meta.handling = Some(span.traceparent().to_owned());
            incoming.subscription.on_trace(&mut incoming.event, span.traceparent());
            span
        })
        .collect()
}

/// Ends the spans.
pub(super) fn end(spans: Vec<Box<dyn OpenSpan>>, outcome: &Result<(), HandleError>) {
    let Err(failure) = outcome else { return drop(spans) };
    for mut span in spans {
        span.fail(&failure.why());
    }
}

fn start(tracing: &dyn Tracing, incoming: &Incoming, together: i64) -> Box<dyn OpenSpan> {
    let name = format!("handle {}", incoming.wire_type);
    let id = incoming.meta.event_id.to_string();
    let attributes = [
        ("messaging.system", Attribute::Text("rabbitmq")),
        ("messaging.operation.type", Attribute::Text("process")),
        ("messaging.message.id", Attribute::Text(&id)),
        ("messaging.batch.message_count", Attribute::Number(together)),
    ];
    let span = NewSpan { side: Side::Consumer, name: &name, since: None, attributes: &attributes };
    tracing.start(span, incoming.meta.traceparent.as_deref())
}
