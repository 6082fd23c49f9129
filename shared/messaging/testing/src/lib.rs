#![doc = include_str!("../README.md")]

mod harness;
mod service;

mod crash;
mod delivery;

mod assertions;
mod ledger;
mod spy;
mod waiting;

mod proxy;

mod database;
mod servers;
mod virtual_host;

pub use crash::At;
pub use database::Template;
pub use delivery::{Delivery, Message};
pub use harness::Harness;
pub use proxy::{AmqpProxy, Publish, Rule};
/// The result of a delivery.
pub use rabbit_outbox::consumer::Delivered;
