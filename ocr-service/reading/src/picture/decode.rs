//! The upright pixels of a picture, and the photo that is kept of it.

use super::header::{Refusal, header};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use std::io::Cursor;

/// Most bytes the decoder may take: 40 megapixels of 16-bit RGBA, and some.
const DECODER_BYTES_MAX: u64 = 400 * 1024 * 1024;
/// Longest side of the pixels that are read, in pixels: a letter of a metre of slip still has 15 of them.
const SIDE_MAX: u32 = 4000;
/// Longest side of the photo that is kept, in pixels: enough for the eye to check a letter.
const PHOTO_SIDE_MAX: u32 = 2000;
/// JPEG quality of the photo that is kept.
const PHOTO_QUALITY: u8 = 85;

/// A decoded picture, upright.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its pixels, scaled down when they were many.
    pub pixels: RgbImage,
}

/// Decodes a picture, turns it upright as its EXIF orientation says, lays what is transparent on white, and scales it
/// down to 4000 pixels when it is longer.
///
/// # Errors
/// Every [`Refusal`].
pub fn decode(bytes: &[u8]) -> Result<Picture, Refusal> {
    let format = header(bytes)?.format;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| Refusal::Broken)?;
    let orientation = decoder.orientation().map_err(|_| Refusal::Broken)?;
    let decoded = DynamicImage::from_decoder(decoder).map_err(|_| Refusal::Broken)?;
    // Smaller first: what follows makes copies.
    let mut decoded = scaled_down(decoded, SIDE_MAX);
    decoded.apply_orientation(orientation);
    Ok(Picture { pixels: on_white(decoded) })
}

impl Picture {
    /// The photo to keep: a JPEG without metadata, its longest side at most 2000 pixels; with its width and height.
    ///
    /// # Errors
    /// [`Refusal::Broken`] when the encoder refuses, which no decoded picture has made it do.
    pub fn photo(&self) -> Result<(Vec<u8>, u32, u32), Refusal> {
        let mut jpeg = vec![];
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, PHOTO_QUALITY);
        let (width, height) = photo_size(self.pixels.width(), self.pixels.height());
        let encoded = if (width, height) == self.pixels.dimensions() {
            self.pixels.write_with_encoder(encoder)
        } else {
            image::imageops::resize(&self.pixels, width, height, FilterType::Triangle).write_with_encoder(encoder)
        };
        encoded.map_err(|_| Refusal::Broken)?;
        Ok((jpeg, width, height))
    }
}

fn photo_size(width: u32, height: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= PHOTO_SIDE_MAX {
        return (width, height);
    }
    let scaled = |side: u32| (side * PHOTO_SIDE_MAX).div_ceil(longest);
    (scaled(width), scaled(height))
}

fn scaled_down(decoded: DynamicImage, side_max: u32) -> DynamicImage {
    if decoded.width().max(decoded.height()) <= side_max {
        return decoded;
    }
    decoded.thumbnail(side_max, side_max)
}

fn on_white(decoded: DynamicImage) -> RgbImage {
    if !decoded.color().has_alpha() {
        return decoded.into_rgb8();
    }
    let mut on_white = RgbImage::new(decoded.width(), decoded.height());
    for (to, from) in on_white.pixels_mut().zip(decoded.into_rgba8().pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        to.0 = [red, green, blue].map(|part| u8::try_from((part * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255));
    }
    on_white
}
