//! A finished span.

use crate::context::TraceContext;
use std::time::SystemTime;

/// The role of the operation in a communication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It handled a request.
    Server,
    /// It sent a request and waited for the response.
    Client,
    /// It published a message to a broker.
    Producer,
    /// It handled a message.
    Consumer,
    /// It did not communicate.
    Internal,
}

/// The value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

/// A finished span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The position in its trace.
    pub context: TraceContext,
    /// The kind of operation: few distinct values, never with ids.
    pub name: String,
    /// The role in the communication.
    pub kind: Kind,
    /// When the operation started.
    pub started: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// Other attributes, named as in OpenTelemetry's semantic conventions where these define a name.
    pub attributes: Vec<(&'static str, Value)>,
    /// The error, if it failed.
    pub error: Option<String>,
}
