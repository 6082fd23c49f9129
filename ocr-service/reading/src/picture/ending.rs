//! Checks that a JPEG is complete: decoders silently fill missing parts with grey.

const START_OF_IMAGE: u8 = 0xd8;
const END_OF_IMAGE: u8 = 0xd9;
const START_OF_SCAN: u8 = 0xda;

/// Whether the markers of the file lead to the end of its image. Data after it, such as previews or videos, is ignored,
/// and the thumbnail in the metadata has its own end marker.
///
/// Source: ITU-T T.81, annex B.
pub(super) fn ends(jpeg: &[u8]) -> bool {
    let mut at = 0;
    while let Some(marker) = marker_at(jpeg, at) {
        at += 2;
        match marker {
            END_OF_IMAGE => return true,
            // Markers without a payload: start, restarts, fill bytes.
            START_OF_IMAGE | 0x01 | 0xd0..=0xd7 => {}
            0xff => at -= 1,
            _ => {
                let Some(&[high, low]) = jpeg.get(at..at + 2) else { return false };
                at += usize::from(u16::from_be_bytes([high, low]));
                if marker == START_OF_SCAN {
                    at = end_of_scan(jpeg, at);
                }
            }
        }
    }
    false
}

fn marker_at(jpeg: &[u8], at: usize) -> Option<u8> {
    match jpeg.get(at..at + 2) {
        Some(&[0xff, marker]) => Some(marker),
        Some(_) | None => None,
    }
}

/// Position of the next marker after the pixel data from `at`: within pixel data, FF is followed by 00 or a restart.
fn end_of_scan(jpeg: &[u8], at: usize) -> usize {
    let pixels = jpeg.get(at..).unwrap_or_default();
    let end = pixels.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7));
    at + end.unwrap_or(pixels.len())
}
