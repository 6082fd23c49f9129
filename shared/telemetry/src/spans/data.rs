//! Converts a finished span to the type of the OpenTelemetry library.

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use trace::{Kind, Record, Value};

/// The converted span.
pub(super) fn of(record: Record) -> SpanData {
    let Record { context, name, kind, started, ended, attributes, error } = record;
    let (trace_id, span_id) = (context.trace_number().to_be_bytes(), context.span_id().to_be_bytes());
    let parent = context.parent_span_id().unwrap_or_default();
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(trace_id),
            SpanId::from_bytes(span_id),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        // Zero means that there is no parent.
        parent_span_id: SpanId::from_bytes(parent.to_be_bytes()),
        parent_span_is_remote: matches!(kind, Kind::Server | Kind::Consumer),
        span_kind: match kind {
            Kind::Server => SpanKind::Server,
            Kind::Client => SpanKind::Client,
            Kind::Producer => SpanKind::Producer,
            Kind::Consumer => SpanKind::Consumer,
            Kind::Internal => SpanKind::Internal,
        },
        name: name.into(),
        start_time: started,
        end_time: ended,
        attributes: attributes.into_iter().map(attribute).collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: error.map_or(Status::Unset, Status::error),
        instrumentation_scope: InstrumentationScope::builder("chipin").build(),
    }
}

fn attribute((name, value): (&'static str, Value)) -> KeyValue {
    match value {
        Value::Text(text) => KeyValue::new(name, text),
        Value::Number(number) => KeyValue::new(name, number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;
    use trace::TraceContext;

    #[test]
    fn ids_are_written_as_in_the_traceparent() {
        let context = TraceContext::from_traceparent(Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        let now = SystemTime::now();
        let record = Record {
            context,
            name: "publish".into(),
            kind: Kind::Producer,
            started: now,
            ended: now,
            attributes: vec![("attempts", Value::Number(2))],
            error: Some("refused".into()),
        };
        let data = of(record);
        assert_eq!(data.span_context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(data.parent_span_id.to_string(), "00f067aa0ba902b7");
        assert!(context.to_string().contains(&data.span_context.span_id().to_string()));
        assert_eq!(data.attributes, [KeyValue::new("attempts", 2)]);
        assert_eq!(data.status, Status::error("refused"));
    }
}
