//! What `fuzz/` drives.

use crate::Subscriptions;
use crate::consumer::incoming::Arrived;
use lapin::BasicProperties;

/// Reads the body of a delivery, as the consumer does: its wire type.
///
/// # Errors
/// Why it can't be understood, as the dead letter would say.
pub fn read_delivery(body: &[u8], subscriptions: &Subscriptions) -> Result<String, String> {
    let properties = BasicProperties::default();
    let read = Arrived::of(body, &properties, "", "").read(subscriptions).map_err(|why| why.to_string())?;
    Ok(read.into_iter().next().map(|incoming| incoming.wire_type).unwrap_or_default())
}
