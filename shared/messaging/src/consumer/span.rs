//! The spans of handling: one for each event, also when a set of them is handled at once.

use super::incoming::Incoming;
use super::outcome::HandleError;
use trace::{Kind, Span};

/// Begins the spans of a set.
pub(super) fn begin(set: &[Incoming]) -> Vec<Span> {
    if trace::is_exporting() { set.iter().map(|incoming| of(incoming, set.len())).collect() } else { vec![] }
}

/// Ends them.
pub(super) fn end(spans: Vec<Span>, outcome: &Result<(), HandleError>) {
    let Err(failure) = outcome else { return drop(spans) };
    for mut span in spans {
        span.fail(failure.why());
    }
}

fn of(incoming: &Incoming, together: usize) -> Span {
    let mut span = Span::start(incoming.meta.handling, Kind::Consumer, || format!("handle {}", incoming.wire_type));
    span.set("messaging.system", "rabbitmq");
    span.set("messaging.operation.type", "process");
    span.set("messaging.message.id", incoming.meta.event_id);
    span.set_number("messaging.batch.message_count", i64::try_from(together).unwrap_or(i64::MAX));
    span
}
