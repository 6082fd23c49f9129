//! Decodes a picture to upright pixels, and encodes the photo to store.

use super::header::{Refusal, header};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use std::io::Cursor;

/// Memory limit of the decoder, in bytes: 40 megapixels of 16-bit RGBA, plus some reserve.
const DECODER_BYTES_MAX: u64 = 400 * 1024 * 1024;
/// Longest side of the decoded image, in pixels: a letter on a slip one metre long still has 15 pixels.
pub(crate) const SIDE_MAX: u32 = 4000;
/// Longest side of the stored photo, in pixels: enough to check a letter by eye.
const PHOTO_SIDE_MAX: u32 = 2000;
/// JPEG quality of the stored photo.
const PHOTO_QUALITY: u8 = 85;

/// A decoded picture, upright.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The pixels, downscaled if the picture is large.
    pub pixels: RgbImage,
}

/// Decodes a picture, rotates it by its EXIF orientation, puts transparent parts on white, and downscales it to at most
/// 4000 pixels.
///
/// # Errors
/// Any [`Refusal`].
pub fn decode(bytes: &[u8]) -> Result<Picture, Refusal> {
    let format = header(bytes)?.format;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    let mut source = reader.into_decoder().map_err(|_| Refusal::Broken)?;
    let orientation = source.orientation().map_err(|_| Refusal::Broken)?;
    let decoded = DynamicImage::from_decoder(source).map_err(|_| Refusal::Broken)?;
    // Downscale first, because the following steps make copies.
    let mut small = scaled_down(decoded, SIDE_MAX);
    small.apply_orientation(orientation);
    Ok(Picture { pixels: on_white(small) })
}

impl Picture {
    /// An upright picture, downscaled to at most 4000 pixels.
    pub(crate) fn scaled(decoded: DynamicImage) -> Self {
        Self { pixels: on_white(scaled_down(decoded, SIDE_MAX)) }
    }

    /// The picture rotated clockwise by this many quarter turns.
    #[must_use]
    pub fn turned(&self, quarters: u8) -> Self {
        let pixels = match quarters % 4 {
            0 => self.pixels.clone(),
            1 => image::imageops::rotate90(&self.pixels),
            2 => image::imageops::rotate180(&self.pixels),
            _ => image::imageops::rotate270(&self.pixels),
        };
        Self { pixels }
    }

    /// The photo to store: a JPEG without metadata, its longest side at most 2000 pixels; with its width and height.
    ///
    /// # Errors
    /// [`Refusal::Broken`] if the encoder fails, which has not happened for any decoded picture.
    pub fn photo(&self) -> Result<(Vec<u8>, u32, u32), Refusal> {
        let mut jpeg = vec![];
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, PHOTO_QUALITY);
        let (width, height) = photo_size(self.pixels.width(), self.pixels.height());
        let written = if (width, height) == self.pixels.dimensions() {
            self.pixels.write_with_encoder(encoder)
        } else {
            image::imageops::resize(&self.pixels, width, height, FilterType::Triangle).write_with_encoder(encoder)
        };
        written.map_err(|_| Refusal::Broken)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::png::PngEncoder;
    use image::codecs::webp::WebPEncoder;
    use image::{ExtendedColorType, ImageEncoder, Rgb, Rgba, RgbaImage};
    use proptest::prelude::*;

    /// The upper half dark, the lower half light, so that rotation is visible.
    fn drawn() -> RgbImage {
        RgbImage::from_fn(40, 60, |_, y| Rgb([if y < 30 { 20 } else { 230 }; 3]))
    }

    fn jpeg(pixels: &RgbImage) -> Vec<u8> {
        let mut bytes = vec![];
        pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, 90)).unwrap();
        bytes
    }

    /// With an EXIF orientation: 6 means "rotate by 90 degrees clockwise".
    fn jpeg_turned(orientation: u8) -> Vec<u8> {
        let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
        exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
        let plain = jpeg(&drawn());
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
    }

    #[test]
    fn a_photo_is_turned_upright_and_loses_its_metadata() {
        let picture = decode(&jpeg_turned(6)).unwrap();
        assert_eq!(picture.pixels.dimensions(), (60, 40));
        assert!(picture.pixels.get_pixel(5, 20).0[0] > 200, "what was below is left");
        assert!(picture.pixels.get_pixel(55, 20).0[0] < 50, "what was above is right");
        let (photo, width, height) = picture.photo().unwrap();
        assert_eq!((width, height), (60, 40));
        assert!(!photo.windows(4).any(|part| part == b"Exif"));
    }

    #[test]
    fn png_and_webp_are_decoded_and_transparency_becomes_white() {
        let clear = RgbaImage::from_fn(20, 20, |x, _| Rgba([0, 0, 0, if x < 10 { 0 } else { 255 }]));
        let mut png = vec![];
        PngEncoder::new(&mut png).write_image(&clear, 20, 20, ExtendedColorType::Rgba8).unwrap();
        let mut webp = vec![];
        WebPEncoder::new_lossless(&mut webp).write_image(&clear, 20, 20, ExtendedColorType::Rgba8).unwrap();
        for bytes in [png, webp] {
            let picture = decode(&bytes).unwrap();
            assert_eq!((picture.pixels.get_pixel(2, 2).0, picture.pixels.get_pixel(15, 2).0), ([255; 3], [0; 3]));
        }
    }

    #[test]
    fn a_large_photo_is_kept_at_two_thousand_pixels() {
        let picture = Picture { pixels: RgbImage::new(1000, 4000) };
        let (photo, width, height) = picture.photo().unwrap();
        assert_eq!((width, height), (500, 2000));
        assert_eq!(decode(&photo).unwrap().pixels.dimensions(), (500, 2000));
    }

    #[test]
    fn a_picture_that_stops_early_is_broken_wherever_it_stops() {
        let noise = RgbImage::from_fn(64, 64, |x, y| {
            Rgb([x * y % 251, x * 7 % 256, y * 5 % 256].map(|part| u8::try_from(part).unwrap()))
        });
        let whole = jpeg(&noise);
        decode(&whole).unwrap();
        decode(&[whole.as_slice(), b"and a trailer"].concat()).unwrap();
        let mut png = vec![];
        PngEncoder::new(&mut png).write_image(&noise, 64, 64, ExtendedColorType::Rgb8).unwrap();
        for bytes in [whole, png] {
            for end in [40, bytes.len() / 4, bytes.len() / 2, bytes.len() - 20, bytes.len() - 1] {
                let stopped = decode(&bytes[..end]).map(|picture| picture.pixels.dimensions());
                // A PNG is complete before its last chunk.
                if !(bytes.starts_with(b"\x89PNG") && end == bytes.len() - 1) {
                    assert_eq!(stopped, Err(Refusal::Broken), "stopped at {end} of {}", bytes.len());
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_bytes_make_it_panic(kind in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let starts: [&[u8]; 4] = [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"RIFF\x40\0\0\0WEBPVP8 "];
            let _ = decode(&[starts[kind], &bytes].concat());
        }

        #[test]
        fn a_damaged_photo_never_makes_it_panic(at in 0..2000_usize, with in any::<u8>()) {
            let mut bytes = jpeg_turned(8);
            let at = at % bytes.len();
            bytes[at] = with;
            let _ = decode(&bytes);
        }
    }
}
