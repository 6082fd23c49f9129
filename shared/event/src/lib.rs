//! What makes a type an event, and what travels around it. No database, no broker, and nobody's business.
//!
//! ```
//! use rabbit_outbox_event::Event;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct ParcelSent { parcel: i64 }
//!
//! impl Event for ParcelSent {
//!     const TYPE: &'static str = "parcels.ParcelSent.v1";
//!     fn ordering_key(&self) -> String { self.parcel.to_string() }
//! }
//!
//! assert_eq!(rabbit_outbox_event::producer(ParcelSent::TYPE), "parcels");
//! ```

pub mod envelope;
mod event;
mod id;

pub mod golden;

#[cfg(feature = "schema")]
pub mod catalogue;

pub use envelope::Envelope;
pub use event::{Event, Undeliverable, producer};
pub use id::EventId;
