//! What can be said of a picture before a worker is troubled: its kind and its size, by its header.

use super::protocol::Refusal;

/// Checks kind and size without decoding anything.
///
/// # Errors
/// Why it is not read.
pub fn check(picture: &[u8]) -> Result<(), Refusal> {
    reading::picture::header(picture).map_err(Refusal::from)?;
    if picture.starts_with(START_OF_IMAGE) && !ends(picture) {
        return Err(Refusal::Broken { what: "the picture is cut off: it was not sent whole".to_owned() });
    }
    Ok(())
}

/// Whether a JPEG comes to its end. Decoders fill up what is missing with grey, of which a cheque would be read that is
/// missing its total.
///
/// Only what follows the first scan is searched: the thumbnail in its metadata ends, too. Inside of a scan the marker
/// can't occur by chance, and what cameras append after the end is of no interest.
///
/// Source: ITU T.81, annex B.
fn ends(jpeg: &[u8]) -> bool {
    let mut rest = &jpeg[START_OF_IMAGE.len()..];
    while let [0xff, marker, high, low, ..] = *rest {
        if marker == START_OF_SCAN {
            return rest.windows(END_OF_IMAGE.len()).any(|bytes| bytes == END_OF_IMAGE);
        }
        // Any number of fill bytes may come before a marker.
        let skipped = if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
        let Some(next) = rest.get(skipped..) else { return false };
        rest = next;
    }
    false
}

const START_OF_IMAGE: &[u8] = &[0xff, 0xd8];
const END_OF_IMAGE: &[u8] = &[0xff, 0xd9];
const START_OF_SCAN: u8 = 0xda;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG with a thumbnail of its own in its metadata, two scans, and bytes after its end.
    const PARTS: [&[u8]; 6] = [
        b"\xff\xd8",
        b"\xff\xe1\0\x08\xff\xd8\xff\xd9..",
        b"\xff\xff\xc0\0\x03.",
        b"\xff\xda\0\x02scan\xff\0",
        b"\xff\xda\0\x02scan\xff\xd9",
        b"a film",
    ];

    #[test]
    fn a_jpeg_ends_after_its_scans_whatever_comes_before_and_after() {
        assert!(ends(&PARTS.concat()));
        assert!(ends(&PARTS[..5].concat()));
        for cut in 1..=4 {
            assert!(!ends(&PARTS[..cut].concat()), "{cut}");
        }
        assert!(!ends(b"\xff\xd8\xff\xe1\xff\xff"));
    }
}
