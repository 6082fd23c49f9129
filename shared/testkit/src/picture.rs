//! Generated pictures of cheques, because real ones belong to other people.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "coordinates of a small picture are small, and positive when they are used"
)]

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::{GrayImage, ImageFormat, Luma};
use std::io::Cursor;

/// Height of a line of text, in pixels, as in a 300 dpi scan of a cheque.
const LINE_HEIGHT: u32 = 44;
/// White around the text, in pixels.
const MARGIN: u32 = 60;

/// Draws lines of text in a monospaced font, black on white, so that columns can be made with spaces.
///
/// # Panics
/// Never: characters that the font lacks are left out.
pub fn slip(lines: &[&str]) -> GrayImage {
    let font = FontRef::try_from_slice(epaint_default_fonts::HACK_REGULAR).expect("the font is well-formed");
    let scaled = font.as_scaled(PxScale::from(LINE_HEIGHT as f32 * 0.8));
    let advance = scaled.h_advance(scaled.glyph_id('0'));
    let columns = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let width = 2 * MARGIN + whole(advance * columns as f32) + 1;
    let height = 2 * MARGIN + LINE_HEIGHT * u32::try_from(lines.len()).unwrap_or(0);
    let mut picture = GrayImage::from_pixel(width, height, Luma([255]));
    let mut baseline = MARGIN as f32 + scaled.ascent();
    for line in lines {
        let mut left = MARGIN as f32;
        for sign in line.chars() {
            let glyph = scaled.glyph_id(sign).with_scale_and_position(scaled.scale(), point(left, baseline));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|x, y, coverage| {
                    let (x, y) = (x + whole(corner.x), y + whole(corner.y));
                    if x < width && y < height {
                        picture.put_pixel(x, y, Luma([255 - (coverage.clamp(0.0, 1.0) * 255.0) as u8]));
                    }
                });
            }
            left += advance;
        }
        baseline += LINE_HEIGHT as f32;
    }
    picture
}

/// The picture as a PNG file.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn png(picture: &GrayImage) -> Vec<u8> {
    encode(picture, ImageFormat::Png)
}

/// The picture as a JPEG file.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn jpeg(picture: &GrayImage) -> Vec<u8> {
    encode(picture, ImageFormat::Jpeg)
}

fn encode(picture: &GrayImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).expect("write a picture to memory");
    file.into_inner()
}

fn whole(pixels: f32) -> u32 {
    pixels.max(0.0) as u32
}
