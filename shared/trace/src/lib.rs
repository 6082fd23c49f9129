//! W3C trace context: one id from the HTTP request through outbox and broker to the socket.
//!
//! The current context belongs to the running task: [`scope`] sets it, [`current`] reads it. Code in between
//! need not pass it on by hand. It ends with the task, so a spawned task takes it along explicitly.
//!
//! A [`Span`] says what was done in a context, and how long it took. Spans go to whoever called [`install`]; while
//! nobody has, they cost one atomic load.

mod context;
#[cfg(feature = "rabbit-outbox")]
mod propagation;
mod sink;
mod span;

pub use context::{MalformedTraceparent, TraceContext, current, scope};
#[cfg(feature = "rabbit-outbox")]
pub use propagation::Propagation;
pub use sink::{AlreadyInstalled, Finished, install, is_exporting};
pub use span::{Kind, Record, Span, Value};
