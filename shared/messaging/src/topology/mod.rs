//! The exchanges, queues and bindings of a service, as a value.
//!
//! Every queue has its final arguments from the first version on: RabbitMQ refuses to declare an existing queue with
//! other arguments, and by then the queue holds messages that must not be lost.

mod argument;
mod declare;
mod existing;
mod objects;
mod plan;
mod service;

pub use argument::{Argument, ExchangeKind};
pub use declare::{TopologyError, unbind};
pub use existing::Existing;
pub use objects::{Binding, Exchange, Queue};
pub use plan::{Action, Plan, Planned};
pub use service::{LADDER, Topology};
