//! Entry points for the fuzz targets in `fuzz/`.

use crate::Subscriptions;
use crate::consumer::incoming::Arrived;
use lapin::BasicProperties;

/// Reads the body of a delivery as the consumer does; returns its wire type.
///
/// # Errors
/// Why the body can't be read, in the words of the dead letter.
pub fn read_delivery(body: &[u8], subscriptions: &Subscriptions) -> Result<String, String> {
    let properties = BasicProperties::default();
    let read = Arrived::of(body, &properties, "", "").read(subscriptions).map_err(|why| why.to_string())?;
    Ok(read.into_iter().next().map(|incoming| incoming.wire_type).unwrap_or_default())
}
