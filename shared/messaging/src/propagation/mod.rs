//! Trace context: W3C `traceparent` in and out, independent of the tracing library.

#[cfg(feature = "opentelemetry")]
mod opentelemetry;
mod traceparent;

pub(crate) use traceparent::trace_id;

#[cfg(feature = "opentelemetry")]
pub use opentelemetry::OpenTelemetry;

use crate::consumer::outcome::HandleError;
use std::future::Future;
use std::pin::Pin;
use std::time::SystemTime;

/// The future of a running handler.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), HandleError>> + Send + 'a>>;

/// Connects events to the traces of the program; the implementation decides how spans are created.
///
/// The feature `opentelemetry` provides [`OpenTelemetry`]. Without an implementation, the trace ids of events are still
/// propagated.
pub trait Tracing: Send + Sync + 'static {
    /// The W3C `traceparent` of the current task, for events that are appended now.
    fn current(&self) -> Option<String>;

    /// Starts a span as a child of a `traceparent`, or as the root of a new trace.
    fn start(&self, span: NewSpan<'_>, parent: Option<&str>) -> Box<dyn OpenSpan>;

    /// Runs a handler with a span as the current one.
    fn in_scope<'a>(&self, traceparent: &str, handling: Handling<'a>) -> Handling<'a>;

    /// Whether spans are recorded at all; if not, none is started for published events.
    fn is_recording(&self) -> bool;
}

/// A span to start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSpan<'a> {
    /// Which side of the broker the work is on.
    pub side: Side,
    /// For example `publish orders.OrderCreated.v1` or `handle orders.OrderCreated.v1`.
    pub name: &'a str,
    /// When the work began, if not now.
    pub since: Option<SystemTime>,
    /// Named as in OpenTelemetry's semantic conventions for messaging.
    pub attributes: &'a [(&'static str, Attribute<'a>)],
}

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(i64),
}

/// Which side of the broker the work is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Side {
    /// From the append to the broker's confirm.
    Producer,
    /// One attempt to handle an event.
    Consumer,
}

/// An active span; it ends when it is dropped.
pub trait OpenSpan: Send {
    /// Its W3C `traceparent`: the parent of everything that follows from it.
    fn traceparent(&self) -> &str;

    /// Marks the span as failed.
    fn fail(&mut self, why: &str);
}

/// Creates no spans; only the ids are propagated.
pub(crate) struct Ids;

impl Tracing for Ids {
    fn current(&self) -> Option<String> {
        None
    }

    fn start(&self, _: NewSpan<'_>, parent: Option<&str>) -> Box<dyn OpenSpan> {
        Box::new(Child(traceparent::child(parent)))
    }

    fn in_scope<'a>(&self, _: &str, handling: Handling<'a>) -> Handling<'a> {
        handling
    }

    fn is_recording(&self) -> bool {
        false
    }
}

struct Child(String);

impl OpenSpan for Child {
    fn traceparent(&self) -> &str {
        &self.0
    }

    fn fail(&mut self, _: &str) {}
}
