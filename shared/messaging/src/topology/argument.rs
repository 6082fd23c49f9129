//! Exchange kinds and queue arguments, as types of this crate.

use std::fmt;

/// How an exchange routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeKind {
    /// To queues bound with the same routing key.
    Direct,
    /// To every bound queue.
    Fanout,
    /// By a pattern of the routing key.
    Topic,
}

impl ExchangeKind {
    /// RabbitMQ's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fanout => "fanout",
            Self::Topic => "topic",
        }
    }
}

impl From<ExchangeKind> for lapin::ExchangeKind {
    fn from(kind: ExchangeKind) -> Self {
        match kind {
            ExchangeKind::Direct => Self::Direct,
            ExchangeKind::Fanout => Self::Fanout,
            ExchangeKind::Topic => Self::Topic,
        }
    }
}

/// The value of a queue argument. Its text is in the form of RabbitMQ's management interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argument {
    /// A string.
    Text(String),
    /// An integer.
    Number(i32),
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
        }
    }
}
