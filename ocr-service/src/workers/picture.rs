//! What can be said of a picture before a worker is troubled: its kind and its size, by its header.

use super::protocol::Refusal;

/// Checks kind and size without decoding anything.
///
/// # Errors
/// Why it is not read.
pub fn check(picture: &[u8]) -> Result<(), Refusal> {
    reading::picture::header(picture).map(drop).map_err(Refusal::from)
}

impl From<reading::picture::Refusal> for Refusal {
    fn from(refusal: reading::picture::Refusal) -> Self {
        use reading::picture::Refusal::{Broken, Empty, TooManyBytes, TooManyPixels, Unsupported};
        let what = refusal.to_string();
        match refusal {
            Empty => Self::Empty,
            Unsupported { .. } => Self::Unsupported { what },
            TooManyBytes { .. } | TooManyPixels { .. } => Self::TooLarge { what },
            Broken => Self::Broken { what },
        }
    }
}
