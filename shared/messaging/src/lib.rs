#![doc = include_str!("../README.md")]

mod appender;
mod begin;
mod causes;
mod commit_error;
mod headers;
mod lane;
mod outbox;
mod panics;
pub mod transaction;

mod backoff;
mod broker;
pub mod relay;
pub mod topology;
mod wire;

pub mod consumer;
pub mod dead_letters;
mod inbox;
pub mod maintenance;
mod owner;

pub mod fanout;
pub mod propagation;
pub mod schema;

mod metrics_help;
pub mod report;
mod running;
mod service;

#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod probe;
#[cfg(not(feature = "testing"))]
#[expect(unreachable_pub, reason = "it is reached with the feature `testing`")]
mod probe;

pub use rabbit_outbox_event::{Event, EventId, Undeliverable};
/// Stops everything that runs; clones of one token are cancelled together.
pub use tokio_util::sync::CancellationToken;

pub use appender::{Appender, Inserted};
pub use broker::{BoxError, BrokerAddress, BrokerError};
pub use consumer::handler::{Handle, HandleBatch, HandleSome, Received};
pub use consumer::meta::Meta;
pub use consumer::outcome::HandleError;
pub use consumer::subscriptions::Subscriptions;
pub use consumer::{ConsumerOptions, Foreign, ForeignId};
pub use headers::Headers;
pub use outbox::AppendError;
pub use relay::RelayOptions;
pub use running::RunError;
pub use service::Messaging;
pub use transaction::Transaction;
