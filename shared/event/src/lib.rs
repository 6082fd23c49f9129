#![doc = include_str!("../README.md")]

pub mod envelope;
mod event;
mod id;

pub mod golden;

#[cfg(feature = "schema")]
pub mod catalogue;

pub use envelope::Envelope;
pub use event::{Event, Undeliverable, producer};
pub use id::EventId;
