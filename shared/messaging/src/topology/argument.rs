//! Kinds of exchanges and arguments of queues, in this crate's own types.

use std::fmt;

/// How an exchange routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeKind {
    /// By the same routing key.
    Direct,
    /// To every queue that is bound.
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

/// The value of a queue's argument. Its text is what RabbitMQ's management interface writes.
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
