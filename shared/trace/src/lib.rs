//! W3C trace context: one id from the HTTP request through outbox and broker to the WebSocket.
//!
//! The current context belongs to the current task: [`scope`] sets it, [`current`] reads it, so it is not passed as an
//! argument. A spawned task does not inherit it; the spawning code must pass it on.
//!
//! A [`Span`] records an operation in a context, with its duration. Spans are sent to the exporter that called
//! [`install`]; without an exporter they cost one atomic load.

mod context;
#[cfg(feature = "rabbit-outbox")]
mod propagation;
mod record;
mod sink;
mod span;

pub use context::{MalformedTraceparent, TraceContext, current, in_scope, scope};
#[cfg(feature = "rabbit-outbox")]
pub use propagation::Propagation;
pub use record::{Kind, Record, Value};
pub use sink::{AlreadyInstalled, FinishedSpans, install, is_exporting};
pub use span::Span;
