//! The pages of a file as pictures.

use super::kind::{Kind, check};
use super::{heic, pdf};
use crate::picture::{Picture, Refusal, decode};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Largest number of pages that are read; further ones are left out.
pub const PAGES_MAX: usize = 5;

/// Decodes a file to its pages, at least one.
///
/// # Errors
/// Any [`Refusal`].
pub fn pages(bytes: &[u8]) -> Result<Vec<Picture>, Refusal> {
    match check(bytes)? {
        Kind::Picture => decode(bytes).map(|picture| vec![picture]),
        Kind::Heic => unless_it_panics(|| heic::decode(bytes).map(|picture| vec![picture])),
        Kind::Pdf => unless_it_panics(|| pdf::render(bytes, PAGES_MAX)),
    }
}

/// Malformed files may break an assumption of a young decoder. That is no reason for another answer.
fn unless_it_panics<T>(decode: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or(Err(Refusal::Broken))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEIC: &[u8] = include_bytes!("../../../tests/it/files/slip.heic");
    /// Without a table of its objects, which readers then look for.
    const PDF: &str = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n\
        2 0 obj\n<< /Type /Pages /Count 1 /Kids [4 0 R] >>\nendobj\n\
        3 0 obj\n<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>\nendobj\n\
        4 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 5 0 R \
        /Resources << /Font << /F1 3 0 R >> >> >>\nendobj\n\
        5 0 obj\n<< /Length 38 >>\nstream\nBT /F1 12 Tf 20 40 Td (TOTAL 5) Tj ET \nendstream\nendobj\n\
        trailer\n<< /Size 6 /Root 1 0 R >>\n";

    #[test]
    fn a_document_is_decoded_to_upright_pixels() {
        let sizes = |bytes| pages(bytes).unwrap().iter().map(|page| page.pixels.dimensions()).collect::<Vec<_>>();
        assert_eq!(sizes(HEIC), [(640, 480)]);
        assert_eq!(sizes(PDF.as_bytes()), [(700, 350)]);
        let ink = pages(PDF.as_bytes()).unwrap()[0].pixels.pixels().filter(|pixel| pixel.0[0] < 100).count();
        assert!(ink > 500, "the text is drawn with a font of ours: {ink}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_damaged_document_is_an_answer(
            is_pdf in any::<bool>(), at in 0.0..1.0_f64, with in prop::collection::vec(any::<u8>(), 1..4), ends in any::<bool>(),
        ) {
            let mut bytes = if is_pdf { PDF.as_bytes() } else { HEIC }.to_vec();
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place")]
            let at = (at * (bytes.len() - 4) as f64) as usize;
            bytes[at..at + with.len()].copy_from_slice(&with);
            if ends {
                bytes.truncate(at);
            }
            let _ = pages(&bytes);
        }
    }
}
