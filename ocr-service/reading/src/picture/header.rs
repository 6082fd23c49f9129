//! What the first bytes of a file say: which format it is, and how many pixels it will have.

use image::{ImageFormat, ImageReader};
use std::io::Cursor;

/// Most bytes a picture may have.
pub const BYTES_MAX: usize = 10 * 1024 * 1024;
/// Most pixels a picture may have.
pub const PIXELS_MAX: u64 = 40_000_000;
/// Fewest pixels of a side: below, there is no room for a letter.
const SIDE_MIN: u32 = 8;
/// How far into a text file the name of its format is looked for, in bytes.
const PROLOGUE_BYTES: usize = 1024;

/// Why a file is not read. All of them are the fault of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No bytes at all.
    #[error("the file is empty")]
    Empty,
    /// Neither JPEG nor PNG nor WebP.
    #[error("{found} is not read, only JPEG, PNG and WebP")]
    Unsupported {
        /// What it is instead.
        found: &'static str,
    },
    /// More than [`BYTES_MAX`] bytes.
    #[error("{bytes} bytes are more than {BYTES_MAX}")]
    TooManyBytes {
        /// How many it has.
        bytes: usize,
    },
    /// More than [`PIXELS_MAX`] pixels.
    #[error("{width} x {height} pixels are more than 40 megapixels")]
    TooManyPixels {
        /// Pixels of a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// It starts as a picture and does not go on as one.
    #[error("the picture is damaged, or does not end")]
    Broken,
}

/// What is known of a picture before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// JPEG, PNG or WebP.
    pub format: ImageFormat,
    /// Pixels of a row, as stored: not turned yet.
    pub width: u32,
    /// Rows, as stored.
    pub height: u32,
}

/// Reads format and size, and decodes nothing.
///
/// # Errors
/// Every [`Refusal`]; that the rest is damaged shows only in [`super::decode`].
pub fn header(bytes: &[u8]) -> Result<Header, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    let format = format(bytes).map_err(|found| Refusal::Unsupported { found })?;
    if bytes.len() > BYTES_MAX {
        return Err(Refusal::TooManyBytes { bytes: bytes.len() });
    }
    let reader = ImageReader::with_format(Cursor::new(bytes), format);
    let (width, height) = reader.into_dimensions().map_err(|_| Refusal::Broken)?;
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refusal::TooManyPixels { width, height });
    }
    if width < SIDE_MIN || height < SIDE_MIN {
        return Err(Refusal::Broken);
    }
    Ok(Header { format, width, height })
}

/// The format, or the name of one that is not read.
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
    let says = |word: &[u8]| prologue.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    match bytes.get(4..12) {
        Some(b"ftypavif" | b"ftypavis") => return "AVIF",
        Some(brand) if brand.starts_with(b"ftyphe") || brand == b"ftypmif1" || brand == b"ftypmsf1" => return "HEIC",
        Some(brand) if brand.starts_with(b"ftyp") => return "a video",
        Some(_) | None => {}
    }
    if says(b"%PDF-") {
        "PDF"
    } else if says(b"<svg") {
        "SVG"
    } else if says(b"<html") || says(b"<!doctype html") {
        "HTML"
    } else {
        "this file"
    }
}
