//! From the bytes of a file to upright pixels.

mod ending;
mod header;

mod decode;

pub(crate) use decode::SIDE_MAX;
pub use decode::{Picture, decode};
pub(crate) use header::SIDE_MIN;
pub use header::{BYTES_MAX, Header, PIXELS_MAX, Refusal, header};
