//! A span: an operation in a context, and its duration.

use crate::context::TraceContext;
use crate::record::{Kind, Record, Value};
use crate::sink::{self, Sink};
use std::fmt;
use std::time::SystemTime;

/// A span in progress. It ends when it is dropped, so that cancelled work is recorded too.
#[derive(Debug)]
#[must_use = "a span ends when it is dropped"]
pub struct Span(Option<Box<ActiveSpan>>);

#[derive(Debug)]
struct ActiveSpan {
    record: Record,
    sink: Sink,
}

impl Span {
    /// Starts the span of `context`. `name` is called only if the span is recorded.
    pub fn start(context: TraceContext, kind: Kind, name: impl FnOnce() -> String) -> Self {
        Self::begin(sink::installed(), context, kind, name)
    }

    pub(crate) fn begin(sink: Option<&Sink>, context: TraceContext, kind: Kind, name: impl FnOnce() -> String) -> Self {
        let Some(sink) = sink.filter(|_| context.is_sampled()) else { return Self(None) };
        let now = SystemTime::now();
        let record = Record { context, name: name(), kind, started: now, ended: now, attributes: vec![], error: None };
        Self(Some(Box::new(ActiveSpan { record, sink: sink.clone() })))
    }

    /// Sets an earlier start time.
    pub fn started_at(mut self, started: SystemTime) -> Self {
        if let Some(active) = &mut self.0 {
            active.record.started = started;
        }
        self
    }

    /// Adds a text, which is formatted only if the span is recorded.
    pub fn set(&mut self, attribute: &'static str, value: impl fmt::Display) {
        if let Some(active) = &mut self.0 {
            active.record.attributes.push((attribute, Value::Text(value.to_string())));
        }
    }

    /// Adds a number.
    pub fn set_number(&mut self, attribute: &'static str, value: impl Into<i64>) {
        if let Some(active) = &mut self.0 {
            active.record.attributes.push((attribute, Value::Number(value.into())));
        }
    }

    /// Marks the operation as failed.
    pub fn fail(&mut self, why: impl fmt::Display) {
        if let Some(active) = &mut self.0 {
            active.record.error = Some(why.to_string());
        }
    }

    /// Discards the span, because nothing was done.
    pub fn discard(mut self) {
        self.0 = None;
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if let Some(mut active) = self.0.take() {
            active.record.ended = SystemTime::now();
            active.sink.take(active.record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sink::queue;

    #[tokio::test]
    async fn a_span_is_recorded_when_it_is_dropped() {
        let (sink, mut finished) = queue(8);
        let context = TraceContext::root().child();
        let mut span = Span::begin(Some(&sink), context, Kind::Server, || "GET /orders".into());
        span.set("url.scheme", "http");
        span.set_number("http.response.status_code", 500);
        span.fail("no database");
        drop(span);
        let mut batch = vec![];
        assert_eq!(finished.receive(&mut batch, 8).await, 1);
        let record = &batch[0];
        assert_eq!((record.context, record.kind, record.name.as_str()), (context, Kind::Server, "GET /orders"));
        assert_eq!(record.error.as_deref(), Some("no database"));
        assert_eq!(
            record.attributes,
            [("url.scheme", Value::Text("http".into())), ("http.response.status_code", Value::Number(500))]
        );
        assert!(record.started <= record.ended);
    }

    #[test]
    fn nothing_is_formatted_without_an_exporter() {
        let mut span = Span::begin(None, TraceContext::root(), Kind::Internal, || unreachable!("it is not called"));
        span.set("messaging.message.id", Unwritten);
        span.fail(Unwritten);
    }

    #[test]
    fn a_trace_that_is_not_sampled_leaves_no_spans() {
        let (sink, _finished) = queue(1);
        let context = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap();
        drop(Span::begin(Some(&sink), context, Kind::Internal, || unreachable!("it is not called")));
    }

    #[tokio::test]
    async fn a_full_queue_drops_spans_and_counts_them() {
        let (sink, mut finished) = queue(1);
        for _ in 0..3 {
            drop(Span::begin(Some(&sink), TraceContext::root(), Kind::Internal, || "work".into()));
        }
        Span::begin(Some(&sink), TraceContext::root(), Kind::Internal, || "work".into()).discard();
        assert_eq!((finished.take_dropped(), finished.take_dropped()), (2, 0));
        finished.close();
        let mut batch = vec![];
        assert_eq!((finished.receive(&mut batch, 8).await, finished.receive(&mut batch, 8).await), (1, 0));
    }

    struct Unwritten;

    impl fmt::Display for Unwritten {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            unreachable!("it is not called")
        }
    }
}
