#![doc = include_str!("../README.md")]

pub mod transaction;
mod lane;
mod outbox;

mod backoff;
mod broker;
pub mod topology;
pub mod relay;

pub mod consumer;
mod inbox;
pub mod maintenance;

pub mod fanout;
pub mod probe;

mod service;

pub use consumer::handler::{Handle, HandleError, Meta};
pub use consumer::subscriptions::Subscriptions;
pub use outbox::AppendError;
pub use service::Messaging;
pub use transaction::Transaction;
