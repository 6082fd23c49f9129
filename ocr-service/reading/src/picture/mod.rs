//! From the bytes of a file to upright pixels.

mod ending;
mod header;

mod decode;

pub use decode::{Picture, decode};
pub use header::{BYTES_MAX, Header, PIXELS_MAX, Refusal, header};
