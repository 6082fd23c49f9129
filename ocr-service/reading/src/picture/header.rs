//! What can be checked without decoding: the format, the number of pixels, and whether the file is complete.

use super::ending::ends;
use image::{ImageFormat, ImageReader};
use std::io::Cursor;

/// Largest size of a picture, in bytes.
pub const BYTES_MAX: usize = 10 * 1024 * 1024;
/// Largest number of pixels of a picture.
pub const PIXELS_MAX: u64 = 40_000_000;
/// Minimum length of a side, in pixels: a smaller picture has no space for a letter.
pub(crate) const SIDE_MIN: u32 = 8;
/// How far into a text file its format name is searched, in bytes.
const PROLOGUE_BYTES: usize = 1024;

/// Why a file is rejected. The file is the cause in all cases.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No bytes.
    #[error("the file is empty")]
    Empty,
    /// Neither a picture nor a PDF.
    #[error("{found} is not supported, only JPEG, PNG, WebP, HEIC and PDF")]
    Unsupported {
        /// The detected format.
        found: &'static str,
    },
    /// More than [`BYTES_MAX`] bytes.
    #[error("{bytes} bytes exceed the limit of {BYTES_MAX}")]
    TooManyBytes {
        /// Size of the file.
        bytes: usize,
    },
    /// More than [`PIXELS_MAX`] pixels.
    #[error("{width} x {height} pixels exceed the limit of 40 megapixels")]
    TooManyPixels {
        /// Width.
        width: u32,
        /// Height.
        height: u32,
    },
    /// It starts like a picture, but the rest is invalid or missing.
    #[error("the picture is damaged or incomplete")]
    Broken,
    /// A PDF that needs a password.
    #[error("the PDF is protected by a password")]
    Locked,
}

/// Properties known before decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// JPEG, PNG or WebP.
    pub format: ImageFormat,
    /// Stored width, before rotation.
    pub width: u32,
    /// Stored height, before rotation.
    pub height: u32,
}

/// Reads format and size without decoding. Takes microseconds, or milliseconds for a long JPEG, which is followed to
/// its end.
///
/// # Errors
/// Any [`Refusal`]; damaged pixels are only detected by [`super::decode`].
pub fn header(bytes: &[u8]) -> Result<Header, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let format = format(bytes).map_err(|found| Refusal::Unsupported { found })?;
    if bytes.len() > BYTES_MAX {
        return Err(Refusal::TooManyBytes { bytes: bytes.len() });
    }
    // A PNG has its size at a fixed position, so it can be rejected before anything else is read.
    if let Some((width, height)) = png_size(bytes).filter(|_| format == ImageFormat::Png) {
        refuse_too_many(width, height)?;
    }
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader.into_dimensions().map_err(|_| Refusal::Broken)?;
    refuse_too_many(width, height)?;
    if width < SIDE_MIN || height < SIDE_MIN {
        return Err(Refusal::Broken);
    }
    if format == ImageFormat::Jpeg && !ends(bytes) {
        return Err(Refusal::Broken);
    }
    Ok(Header { format, width, height })
}

/// Width and height in the first chunk of a PNG.
///
/// Source: Portable Network Graphics (PNG) Specification, section 11.2.2, IHDR.
fn png_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    Some((number(16)?, number(20)?))
}

fn refuse_too_many(width: u32, height: u32) -> Result<(), Refusal> {
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refusal::TooManyPixels { width, height });
    }
    Ok(())
}

/// The format, or the name of an unsupported one.
fn format(bytes: &[u8]) -> Result<ImageFormat, &'static str> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => Ok(format),
        Ok(ImageFormat::Gif) => Err("GIF"),
        Ok(ImageFormat::Tiff) => Err("TIFF"),
        Ok(ImageFormat::Bmp) => Err("BMP"),
        Ok(ImageFormat::Avif) => Err("AVIF"),
        Ok(_) | Err(_) => Err(foreign_format(bytes)),
    }
}

fn foreign_format(bytes: &[u8]) -> &'static str {
    let prologue = &bytes[..bytes.len().min(PROLOGUE_BYTES)];
    let contains = |word: &[u8]| prologue.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    match bytes.get(4..12) {
        Some(b"ftypavif" | b"ftypavis") => return "AVIF",
        Some(brand) if brand.starts_with(b"ftyphe") || brand == b"ftypmif1" || brand == b"ftypmsf1" => return "HEIC",
        Some(brand) if brand.starts_with(b"ftyp") => return "a video",
        Some(_) | None => {}
    }
    if contains(b"%PDF-") {
        "PDF"
    } else if contains(b"<svg") {
        "SVG"
    } else if contains(b"<html") || contains(b"<!doctype html") {
        "HTML"
    } else {
        "this file"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    /// The header of a PNG of any size, as an attacker would write it: without pixels.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut head = b"IHDR".to_vec();
        head.extend(width.to_be_bytes());
        head.extend(height.to_be_bytes());
        head.extend([8, 2, 0, 0, 0]);
        let sum = crc(&head).to_be_bytes();
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0d".as_slice(), &head, &sum, b"\0\0\0\0IDAT"].concat()
    }

    /// The checksum of PNG chunks (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        let step = |sum: u32, _| if sum & 1 == 1 { 0xedb8_8320 ^ (sum >> 1) } else { sum >> 1 };
        !bytes.iter().fold(u32::MAX, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), step))
    }

    #[test]
    fn a_png_of_30000_by_30000_is_refused_by_its_header() {
        let bytes = png(30_000, 30_000);
        let started = Instant::now();
        assert_eq!(header(&bytes), Err(Refusal::TooManyPixels { width: 30_000, height: 30_000 }));
        assert!(started.elapsed() < Duration::from_millis(50));
        let fits = Header { format: ImageFormat::Png, width: 8000, height: 5000 };
        assert_eq!(header(&png(8000, 5000)), Ok(fits));
    }

    #[test]
    fn unsupported_formats_are_named() {
        let refused = |found| Err(Refusal::Unsupported { found });
        assert_eq!(header(b""), Err(Refusal::Empty));
        assert_eq!(header(b"%PDF-1.7\n"), refused("PDF"));
        assert_eq!(header(b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), refused("SVG"));
        assert_eq!(header(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), refused("HEIC"));
        assert_eq!(header(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic"), refused("HEIC"));
        assert_eq!(header(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1"), refused("AVIF"));
        assert_eq!(header(b"GIF89a\x01\0\x01\0"), refused("GIF"));
        assert_eq!(header(b"hello, world"), refused("this file"));
    }

    #[test]
    fn too_many_bytes_are_refused_before_they_are_looked_at() {
        let mut bytes = png(100, 100);
        bytes.resize(BYTES_MAX + 1, 0);
        assert_eq!(header(&bytes), Err(Refusal::TooManyBytes { bytes: BYTES_MAX + 1 }));
    }

    #[test]
    fn a_head_without_a_body_is_broken() {
        assert_eq!(header(b"\xff\xd8\xff\xe0"), Err(Refusal::Broken));
        assert_eq!(header(&png(100, 100)[..20]), Err(Refusal::Broken));
        assert_eq!(header(&png(4, 4)), Err(Refusal::Broken));
    }
}
