//! From the bytes of a file to upright pixels.

mod decode;
mod header;

pub use decode::{Picture, decode};
pub use header::{Header, Refusal, header};
