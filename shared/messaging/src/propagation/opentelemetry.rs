//! OpenTelemetry spans.

use super::{Attribute, Handling, NewSpan, OpenSpan, Side, Tracing};
use opentelemetry::trace::{
    FutureExt, Span, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue, global};

/// Creates spans with the global tracer provider, as children of the current OpenTelemetry context.
///
/// ```no_run
/// # fn example(pool: sqlx::PgPool) {
/// let messaging = rabbit_outbox::Messaging::new("letters", pool, "amqp://localhost")
///     .with_tracing(rabbit_outbox::propagation::OpenTelemetry);
/// # let _ = messaging;
/// # }
/// ```
pub struct OpenTelemetry;

impl Tracing for OpenTelemetry {
    fn current(&self) -> Option<String> {
        let context = Context::current();
        let span = context.span();
        span.span_context().is_valid().then(|| written(span.span_context()))
    }

    fn start(&self, span: NewSpan<'_>, parent: Option<&str>) -> Box<dyn OpenSpan> {
        let tracer = global::tracer_provider().tracer("rabbit-outbox");
        let parent =
            parent.and_then(read).map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let kind = match span.side {
            Side::Producer => SpanKind::Producer,
            Side::Consumer => SpanKind::Consumer,
        };
        let attributes = span.attributes.iter().map(|(name, value)| match value {
            Attribute::Text(text) => KeyValue::new(*name, (*text).to_owned()),
            Attribute::Number(number) => KeyValue::new(*name, *number),
        });
        let mut builder = tracer.span_builder(span.name.to_owned()).with_kind(kind).with_attributes(attributes);
        if let Some(since) = span.since {
            builder = builder.with_start_time(since);
        }
        let span = builder.start_with_context(&tracer, &parent);
        let traceparent = written(span.span_context());
        Box::new(Open { span, traceparent })
    }

    fn in_scope<'a>(&self, traceparent: &str, handling: Handling<'a>) -> Handling<'a> {
        match read(traceparent) {
            Some(span) => Box::pin(handling.with_context(Context::current().with_remote_span_context(span))),
            None => handling,
        }
    }

    fn is_recording(&self) -> bool {
        true
    }
}

struct Open<S> {
    span: S,
    traceparent: String,
}

impl<S: Span + Send> OpenSpan for Open<S> {
    fn traceparent(&self) -> &str {
        &self.traceparent
    }

    fn fail(&mut self, why: &str) {
        self.span.set_status(Status::error(why.to_owned()));
    }
}

fn written(span: &SpanContext) -> String {
    format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8())
}

fn read(traceparent: &str) -> Option<SpanContext> {
    super::trace_id(traceparent)?;
    let mut parts = traceparent.trim().split('-').skip(1);
    let trace_id = TraceId::from_hex(parts.next()?).ok()?;
    let span_id = SpanId::from_hex(parts.next()?).ok()?;
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    Some(SpanContext::new(trace_id, span_id, TraceFlags::new(flags), true, TraceState::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[tokio::test]
    async fn a_handler_runs_in_the_context_of_its_event() {
        assert_eq!(OpenTelemetry.current(), None);
        let handling: Handling<'_> = Box::pin(async {
            assert_eq!(OpenTelemetry.current().as_deref(), Some(EXAMPLE));
            Ok(())
        });
        OpenTelemetry.in_scope(EXAMPLE, handling).await.unwrap();
    }
}
