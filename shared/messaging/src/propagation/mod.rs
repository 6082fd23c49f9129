//! Trace context: W3C `traceparent` in and out, whatever library makes the spans.

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

/// A handler at work.
pub type Handling<'a> = Pin<Box<dyn Future<Output = Result<(), HandleError>> + Send + 'a>>;

/// Connects events to the traces of the program: how a span is made is its business.
///
/// The feature `opentelemetry` brings [`OpenTelemetry`]; without any, the trace ids of events travel on all the same.
pub trait Tracing: Send + Sync + 'static {
    /// The W3C `traceparent` of the running task, for events that are appended now.
    fn current(&self) -> Option<String>;

    /// Begins a span as a child of a `traceparent`, or as the first of a trace.
    fn start(&self, span: NewSpan<'_>, parent: Option<&str>) -> Box<dyn OpenSpan>;

    /// Runs a handler with a span as the current one.
    fn in_scope<'a>(&self, traceparent: &str, handling: Handling<'a>) -> Handling<'a>;

    /// Whether spans are kept at all; while they are not, none is begun for what is published.
    fn is_recording(&self) -> bool;
}

/// What is begun.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSpan<'a> {
    /// Which side of the broker it is on.
    pub side: Side,
    /// `publish orders.OrderCreated.v1`, `handle orders.OrderCreated.v1`.
    pub name: &'a str,
    /// When the work began, if that was not now.
    pub since: Option<SystemTime>,
    /// By the names of OpenTelemetry's semantic conventions for messaging.
    pub attributes: &'a [(&'static str, Attribute<'a>)],
}

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute<'a> {
    /// A word.
    Text(&'a str),
    /// A number.
    Number(i64),
}

/// On which side of the broker work was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Side {
    /// From the append to the broker's confirm.
    Producer,
    /// One try to handle an event.
    Consumer,
}

/// A span that is going on; it ends when it is dropped.
pub trait OpenSpan: Send {
    /// Its W3C `traceparent`: the parent of what follows from it.
    fn traceparent(&self) -> &str;

    /// The work failed.
    fn fail(&mut self, why: &str);
}

/// No spans: only the ids go on.
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
