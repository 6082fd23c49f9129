#![doc = include_str!("../README.md")]

mod lane;
mod outbox;
pub mod transaction;

mod backoff;
mod broker;
mod wire;
pub mod relay;
pub mod topology;

pub mod consumer;
pub mod dead_letters;
mod inbox;
pub mod maintenance;

pub mod fanout;
pub mod probe;
pub mod schema;

pub mod report;
mod service;

#[doc(hidden)]
pub mod fuzzing;

pub use rabbit_outbox_event::{Event, EventId, Undeliverable};
/// Tells everything that runs to stop; clones of one token are cancelled together.
pub use tokio_util::sync::CancellationToken;

pub use broker::{BoxError, BrokerAddress, BrokerError};
pub use consumer::ConsumerOptions;
pub use consumer::handler::{Handle, HandleBatch, Meta, Received};
pub use consumer::outcome::HandleError;
pub use consumer::subscriptions::Subscriptions;
pub use outbox::AppendError;
pub use relay::RelayOptions;
pub use service::Messaging;
pub use transaction::Transaction;
