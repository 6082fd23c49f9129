//! What `fuzz/` drives.

use crate::Subscriptions;
use crate::consumer::incoming::Incoming;

/// Reads the body of a delivery, as the consumer does: its wire type.
///
/// # Errors
/// Why it can't be understood, as the dead letter would say.
pub fn read_delivery(body: &[u8], subscriptions: &Subscriptions) -> Result<String, String> {
    match Incoming::read(body, subscriptions) {
        Ok(incoming) => Ok(incoming.wire_type),
        Err(why) => Err(why.to_string()),
    }
}
