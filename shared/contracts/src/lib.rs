//! What services say to each other: money, ids, and the events with their envelope.
//!
//! Types only. Nothing here reads a clock, draws an id, or knows of a database or a broker.

pub mod ids;
pub mod money;
pub mod quantity;

pub mod cheque;

pub mod ocr;
pub mod orders;
pub mod payments;
pub mod router;
pub mod users;

/// What makes these types events; see the crate `event`.
pub use rabbit_outbox_event::{self as event, envelope};

#[cfg(feature = "schema")]
pub mod catalogue;
