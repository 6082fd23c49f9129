//! Pictures of bills, with the faults of photos.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "coordinates of a small picture are small, and positive when they are used"
)]

use super::chance::Chance;
use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};
use image::imageops::{FilterType, blur, invert, resize, rotate180};
use image::{GrayImage, Luma};

/// What may be wrong with a photo.
pub(crate) const FAULTS: [&str; 8] = ["none", "tilt", "blur", "shadow", "fold", "small", "upside", "dark"];

const LINE_HEIGHT: u32 = 40;
const MARGIN: u32 = 60;
const PAPER: u8 = 245;
const TABLE: u8 = 96;

/// Draws the rows in a monospaced font.
pub(crate) fn drawn(rows: &[String]) -> GrayImage {
    let font = FontRef::try_from_slice(epaint_default_fonts::HACK_REGULAR).expect("the font is well-formed");
    let scaled = font.as_scaled(PxScale::from(LINE_HEIGHT as f32 * 0.8));
    let advance = scaled.h_advance(scaled.glyph_id('0'));
    let columns = rows.iter().map(|row| row.chars().count()).max().unwrap_or(0);
    let width = 2 * MARGIN + (advance * columns as f32) as u32 + 1;
    let height = 2 * MARGIN + LINE_HEIGHT * u32::try_from(rows.len()).unwrap_or(0);
    let mut picture = GrayImage::from_pixel(width, height, Luma([PAPER]));
    for (number, row) in rows.iter().enumerate() {
        let baseline = MARGIN as f32 + scaled.ascent() + number as f32 * LINE_HEIGHT as f32;
        for (column, sign) in row.chars().enumerate() {
            let at = point(MARGIN as f32 + advance * column as f32, baseline);
            let Some(outline) = font.outline_glyph(scaled.glyph_id(sign).with_scale_and_position(scaled.scale(), at))
            else {
                continue;
            };
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| {
                let (x, y) = (x + corner.x.max(0.0) as u32, y + corner.y.max(0.0) as u32);
                if x < width && y < height {
                    picture.put_pixel(x, y, Luma([(f32::from(PAPER) * (1.0 - coverage.clamp(0.0, 1.0) * 0.92)) as u8]));
                }
            });
        }
    }
    picture
}

/// The picture with a fault.
pub(crate) fn faulty(picture: &GrayImage, fault: &str, chance: &mut Chance) -> GrayImage {
    match fault {
        "tilt" => tilted(picture, chance.between(15, 60) as f32 / 1000.0 * if chance.one_in(2) { -1.0 } else { 1.0 }),
        "blur" => blur(picture, chance.between(16, 26) as f32 / 10.0),
        "shadow" => shaded(picture, chance.between(30, 70) as f32 / 100.0),
        "fold" => folded(picture, picture.height() * u32::try_from(chance.between(3, 7)).unwrap_or(5) / 10),
        "small" => resize(picture, picture.width() * 45 / 100, picture.height() * 45 / 100, FilterType::Triangle),
        "upside" => rotate180(picture),
        "dark" => {
            let mut inverted = picture.clone();
            invert(&mut inverted);
            inverted
        }
        _ => picture.clone(),
    }
}

/// On a table, turned by an angle.
fn tilted(picture: &GrayImage, angle: f32) -> GrayImage {
    let (width, height) = (picture.width() + 240, picture.height() + 240);
    let (sin, cos) = angle.sin_cos();
    GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as f32 - width as f32 / 2.0, y as f32 - height as f32 / 2.0);
        let from =
            (x * cos + y * sin + picture.width() as f32 / 2.0, y * cos - x * sin + picture.height() as f32 / 2.0);
        let inside = from.0 >= 0.0
            && from.1 >= 0.0
            && from.0 < (picture.width() - 1) as f32
            && from.1 < (picture.height() - 1) as f32;
        if !inside {
            return Luma([TABLE]);
        }
        let (left, top) = (from.0 as u32, from.1 as u32);
        let (right, low) = (from.0.fract(), from.1.fract());
        let level = |x: u32, y: u32| f32::from(picture.get_pixel(x, y).0[0]);
        let upper = level(left, top) * (1.0 - right) + level(left + 1, top) * right;
        let lower = level(left, top + 1) * (1.0 - right) + level(left + 1, top + 1) * right;
        Luma([(upper * (1.0 - low) + lower * low) as u8])
    })
}

/// Darker towards one corner.
fn shaded(picture: &GrayImage, depth: f32) -> GrayImage {
    let reach = (picture.width() + picture.height()) as f32;
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let light = 1.0 - depth * (x + y) as f32 / reach;
        Luma([(f32::from(picture.get_pixel(x, y).0[0]) * light) as u8])
    })
}

/// A crease across the paper, below which the paper leans and is darker.
fn folded(picture: &GrayImage, crease: u32) -> GrayImage {
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let below = y.saturating_sub(crease) as f32;
        let from = (x as f32 + below * 0.03).min((picture.width() - 1) as f32) as u32;
        let light = match y.abs_diff(crease) {
            0..4 => 0.7,
            _ if y > crease => 0.85,
            _ => 1.0,
        };
        Luma([(f32::from(picture.get_pixel(from, y).0[0]) * light) as u8])
    })
}
