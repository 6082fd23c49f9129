//! Propagates trace contexts in events: implements the tracing interface of `rabbit-outbox`.

use crate::context::{self, TraceContext};
use crate::record::Kind;
use crate::sink;
use crate::span::Span;
use rabbit_outbox::propagation::{Attribute, Handling, NewSpan, OpenSpan, Side, Tracing};

/// Connects a service's messaging to its traces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Propagation;

impl Tracing for Propagation {
    fn current(&self) -> Option<String> {
        context::current().map(|context| context.to_string())
    }

    fn start(&self, new: NewSpan<'_>, parent: Option<&str>) -> Box<dyn OpenSpan> {
        let context = TraceContext::from_traceparent(parent);
        let kind = match new.side {
            Side::Producer => Kind::Producer,
            // Any side added in the future will be a consumer's.
            _ => Kind::Consumer,
        };
        let mut span = Span::start(context, kind, || new.name.to_owned());
        if let Some(since) = new.since {
            span = span.started_at(since);
        }
        for (name, value) in new.attributes {
            match value {
                Attribute::Text(text) => span.set(name, text),
                Attribute::Number(number) => span.set_number(name, *number),
                _ => {}
            }
        }
        Box::new(Open { span, traceparent: context.to_string() })
    }

    fn in_scope<'a>(&self, traceparent: &str, handling: Handling<'a>) -> Handling<'a> {
        match traceparent.parse() {
            Ok(context) => Box::pin(context::scope(context, handling)),
            Err(_) => handling,
        }
    }

    fn is_recording(&self) -> bool {
        sink::is_exporting()
    }
}

struct Open {
    span: Span,
    traceparent: String,
}

impl OpenSpan for Open {
    fn traceparent(&self) -> &str {
        &self.traceparent
    }

    fn fail(&mut self, why: &str) {
        self.span.fail(why);
    }
}
