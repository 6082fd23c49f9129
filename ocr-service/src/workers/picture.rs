//! Checks a picture's header, before a worker is used: its format and its size.

use super::protocol::Refusal;

/// Checks format and size without decoding anything.
///
/// # Errors
/// Why the picture is rejected.
pub fn check(picture: &[u8]) -> Result<(), Refusal> {
    reading::document::check(picture).map(drop).map_err(Refusal::from)
}

impl From<reading::picture::Refusal> for Refusal {
    fn from(refusal: reading::picture::Refusal) -> Self {
        use reading::picture::Refusal::{Broken, Empty, Locked, TooManyBytes, TooManyPixels, Unsupported};
        let what = refusal.to_string();
        match refusal {
            Empty => Self::Empty,
            Unsupported { .. } => Self::Unsupported { what },
            TooManyBytes { .. } | TooManyPixels { .. } => Self::TooLarge { what },
            Broken | Locked => Self::Broken { what },
        }
    }
}
