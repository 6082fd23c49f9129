//! The contract between services: money, ids, and the events with their envelope.
//!
//! Types only: nothing here reads a clock, generates an id, or uses a database or a broker.

pub mod ids;

pub mod currency;
pub mod decimal;
pub mod money;
pub mod quantity;

pub mod day;
pub mod title;

pub mod cheque;
pub mod cheque_pages;

pub mod ocr;
pub mod orders;
pub mod payments;
pub mod router;
pub mod users;

/// The event trait and the envelope; see the crate `rabbit-outbox-event`.
pub use rabbit_outbox_event::{self as event, envelope};

#[cfg(feature = "schema")]
pub mod catalogue;
