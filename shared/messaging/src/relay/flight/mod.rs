//! The unconfirmed messages of one channel: how many more may be sent, and which route is responsible for those that
//! stay unconfirmed. No I/O.
//!
//! Confirms of different queues arrive independently. A queue without a majority, or an overloaded one, delays its own
//! messages; it must not delay others, or be mistaken for a broken connection.

mod timeouts;
mod window;

pub(crate) use timeouts::CONFIRM_TIMEOUT;
pub(crate) use window::{Flight, Room, WINDOW_ROWS};
