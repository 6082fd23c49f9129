//! The consumer: takes deliveries from the service's inbox queue, runs their handlers, and settles them.

mod batch;
pub(crate) mod copies;
mod deliver;
mod dispatch;
mod error;
mod foreign;
mod function;
pub(crate) mod handler;
pub(crate) mod header_names;
pub(crate) mod inbox_bindings;
pub(crate) mod incoming;
mod limits;
pub(crate) mod meta;
mod options;
pub(crate) mod outcome;
mod parts;
mod prefetch;
mod run;
mod subscription;
pub(crate) mod subscriptions;

pub(crate) mod breaker;
mod ladder;
pub(crate) mod outage;
pub(crate) mod sqlstate;
mod trial;

pub(crate) mod forward;
pub(crate) mod history;
mod session;
mod settle;
mod span;

pub use deliver::Delivered;
pub use foreign::{Foreign, ForeignId};
pub use function::HandleFn;
pub use options::ConsumerOptions;
pub use parts::Consumer;
pub(crate) use parts::{Links, Signs};
