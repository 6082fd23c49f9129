//! What can be checked without decoding: the format of a file, by its content.

use crate::picture::{BYTES_MAX, Refusal, header};

/// How far into a file the mark of a PDF may stand, in bytes.
///
/// Source: ISO 32000-1, annex H.3, note 13.
const PDF_MARK_WITHIN: usize = 1024;
const PDF_MARK: &[u8] = b"%PDF-";
/// Types of files with pictures that are coded as HEVC.
///
/// Source: ISO/IEC 23008-12, annex B, and the file type `mif1` of all such files.
const HEIC_BRANDS: [&[u8; 4]; 8] = [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"];

/// How the file is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A JPEG, PNG or WebP.
    Picture,
    /// A HEIC, as phones store photos.
    Heic,
    /// A PDF.
    Pdf,
}

/// Checks format and size. Of a HEIC or a PDF, only a worker learns more.
///
/// # Errors
/// Any [`Refusal`].
pub fn check(bytes: &[u8]) -> Result<Kind, Refusal> {
    let kind = match bytes.get(4..12).and_then(|mark| mark.split_first_chunk::<4>()) {
        Some((b"ftyp", brand)) if HEIC_BRANDS.iter().any(|known| brand == known.as_slice()) => Kind::Heic,
        _ if is_pdf(bytes) => Kind::Pdf,
        _ => return header(bytes).map(|_| Kind::Picture),
    };
    if bytes.len() > BYTES_MAX { Err(Refusal::TooManyBytes { bytes: bytes.len() }) } else { Ok(kind) }
}

/// A PDF may have other bytes before its mark, but not those of a picture, which may contain anything.
fn is_pdf(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(PDF_MARK_WITHIN)];
    image::guess_format(bytes).is_err() && start.windows(PDF_MARK.len()).any(|part| part == PDF_MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_content() {
        assert_eq!(check(b"%PDF-1.7\n"), Ok(Kind::Pdf));
        assert_eq!(check(b"\xef\xbb\xbf\n%PDF-1.4\n"), Ok(Kind::Pdf));
        assert_eq!(check(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Ok(Kind::Heic));
        assert_eq!(check(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"), Ok(Kind::Heic));
        assert_eq!(check(b"\xff\xd8\xff\xe0 %PDF-1.7"), Err(Refusal::Broken), "a JPEG with a comment");
        assert_eq!(check(b""), Err(Refusal::Empty));
        assert_eq!(check(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1"), Err(Refusal::Unsupported { found: "AVIF" }));
        assert_eq!(check(b"\0\0\0\x18ftypisom\0\0\0\0"), Err(Refusal::Unsupported { found: "a video" }));
    }

    #[test]
    fn too_many_bytes_are_refused() {
        let mut pdf = b"%PDF-1.7\n".to_vec();
        pdf.resize(BYTES_MAX + 1, b' ');
        assert_eq!(check(&pdf), Err(Refusal::TooManyBytes { bytes: BYTES_MAX + 1 }));
    }
}
