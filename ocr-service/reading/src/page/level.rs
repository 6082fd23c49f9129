//! Levels the page: corrects tilt and bend, so that its lines run along the pixel rows.

use super::bend::Bend;
use crate::word::Place;
use image::GrayImage;
use image::imageops::{FilterType, resize};

/// Mapping from the levelled page to the picture, both at the scale of the picture.
#[derive(Clone, Debug)]
pub(crate) struct Level {
    /// Centre of rotation, in pixels of the picture.
    centre: (f32, f32),
    sine: f32,
    cosine: f32,
    bend: Bend,
    /// The levelled point at the upper left corner of the page.
    origin: (f32, f32),
    /// Width and height of the page.
    pub(crate) size: (f32, f32),
}

impl Level {
    /// Corrects a tilt, in degrees. The page has the size of the picture until it is [`Level::cropped`].
    pub(crate) fn tilted(size: (u32, u32), tilt: f32) -> Self {
        let tilt = tilt.to_radians();
        let size = (size.0 as f32, size.1 as f32);
        let centre = (size.0 / 2.0, size.1 / 2.0);
        let (bend, origin) = (Bend::default(), (0.0, 0.0));
        Self { centre, sine: tilt.sin(), cosine: tilt.cos(), bend, origin, size }
    }

    /// Corrects a bend that was estimated after the tilt correction.
    pub(crate) fn bent(self, bend: Bend) -> Self {
        Self { bend, ..self }
    }

    /// Crops the page to the `points` of the picture, plus a margin in pixels.
    pub(crate) fn cropped(self, points: impl Iterator<Item = (f32, f32)>, margin: f32) -> Self {
        let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for (x, y) in points.map(|point| self.levelled(point)) {
            low = (low.0.min(x), low.1.min(y));
            high = (high.0.max(x), high.1.max(y));
        }
        if low.0 > high.0 {
            return self;
        }
        let origin = (low.0 - margin, low.1 - margin);
        Self { origin, size: (high.0 - low.0 + 2.0 * margin, high.1 - low.1 + 2.0 * margin), ..self }
    }

    /// Maps a point of the picture to levelled coordinates, which are not relative to the page's corner.
    pub(crate) fn levelled(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = (x - self.centre.0, y - self.centre.1);
        let (x, y) = (x * self.cosine + y * self.sine, y * self.cosine - x * self.sine);
        (x, y - self.bend.drop(x, y))
    }

    /// Maps a point of the page to the picture.
    pub(crate) fn on_picture(&self, (x, y): (f32, f32)) -> (f32, f32) {
        let (x, y) = (x + self.origin.0, y + self.origin.1);
        let y = y + self.bend.drop(x, y);
        (x * self.cosine - y * self.sine + self.centre.0, y * self.cosine + x * self.sine + self.centre.1)
    }

    /// The bounding rectangle on the picture of a place on the page.
    pub(crate) fn place_on_picture(&self, place: Place) -> Place {
        let Place { left, top, right, bottom } = place;
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)].map(|point| self.on_picture(point));
        let edge = |pick: fn(f32, f32) -> f32, start: f32, at: fn(&(f32, f32)) -> f32| {
            corners.iter().map(at).fold(start, pick)
        };
        Place {
            left: edge(f32::min, f32::MAX, |point| point.0),
            top: edge(f32::min, f32::MAX, |point| point.1),
            right: edge(f32::max, f32::MIN, |point| point.0),
            bottom: edge(f32::max, f32::MIN, |point| point.1),
        }
    }

    /// Renders the page at `factor` of the picture's scale. Outside of the picture, its border pixels are repeated.
    pub(crate) fn taken_from(&self, picture: &GrayImage, factor: f32) -> GrayImage {
        // Scale first: downscaling, so that no pixel is skipped; upscaling, because cubic interpolation through four
        // pixels is sharper than linear interpolation through two.
        let side = |side: u32| ((side as f32 * factor).round() as u32).max(1);
        let filter = if factor < 1.0 { FilterType::Triangle } else { FilterType::CatmullRom };
        let sized = resize(picture, side(picture.width()), side(picture.height()), filter);
        self.sampled(&sized, factor, factor)
    }

    fn sampled(&self, picture: &GrayImage, scale: f32, factor: f32) -> GrayImage {
        let mut page = self.blank(factor);
        let width = page.width() as usize;
        for (y, row) in page.as_mut().chunks_exact_mut(width).enumerate() {
            self.along_row(y, factor, row, |x, y| sample(picture, x * scale, y * scale));
        }
        page
    }

    /// An empty page at `factor`.
    fn blank(&self, factor: f32) -> GrayImage {
        let side = |side: f32| ((side * factor).ceil() as u32).max(1);
        GrayImage::new(side(self.size.0), side(self.size.1))
    }

    /// Makes everything outside of `mask` white. A mask pixel covers `scale` pixels of the picture.
    pub(crate) fn whiten(&self, page: &mut GrayImage, factor: f32, mask: &GrayImage, scale: f32) {
        let width = page.width() as usize;
        let (last_x, last_y) = (mask.width() - 1, mask.height() - 1);
        let mut masked = vec![0; width];
        for (y, row) in page.as_mut().chunks_exact_mut(width).enumerate() {
            self.along_row(y, factor, &mut masked, |x, y| {
                mask.get_pixel(((x / scale) as u32).min(last_x), ((y / scale) as u32).min(last_y)).0[0]
            });
            row.iter_mut().zip(&masked).filter(|(_, mask)| **mask == 0).for_each(|(pixel, _)| *pixel = 255);
        }
    }

    /// Fills a row of the page from points of the picture. Tilt and bend are almost linear over 16 pixels.
    fn along_row(&self, y: usize, factor: f32, row: &mut [u8], at: impl Fn(f32, f32) -> u8) {
        const STRIDE: usize = 16;
        let point = |x: usize| self.on_picture((x as f32 / factor, y as f32 / factor));
        for (block, pixels) in row.chunks_mut(STRIDE).enumerate() {
            let (from, to) = (point(block * STRIDE), point((block + 1) * STRIDE));
            let step = ((to.0 - from.0) / STRIDE as f32, (to.1 - from.1) / STRIDE as f32);
            for (count, pixel) in pixels.iter_mut().enumerate() {
                *pixel = at(from.0 + step.0 * count as f32, from.1 + step.1 * count as f32);
            }
        }
    }
}

/// Cubic interpolation (Catmull-Rom) between pixels; border pixels are repeated.
fn sample(grey: &GrayImage, x: f32, y: f32) -> u8 {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (weights(x - left), weights(y - top));
    let (left, top) = (left as isize - 1, top as isize - 1);
    let pixels = grey.as_raw();
    let inside = left >= 0 && top >= 0 && left as usize + 4 <= width && top as usize + 4 <= height;
    let mut sum = 0.0;
    for (dy, weight) in (0..).zip(down) {
        let mut part = 0.0;
        if inside {
            let start = (top + dy) as usize * width + left as usize;
            for (weight, &pixel) in across.iter().zip(&pixels[start..start + 4]) {
                part += weight * f32::from(pixel);
            }
        } else {
            let row = (top + dy).clamp(0, height as isize - 1) as usize * width;
            for (dx, weight) in (0..).zip(across) {
                part += weight * f32::from(pixels[row + (left + dx).clamp(0, width as isize - 1) as usize]);
            }
        }
        sum += weight * part;
    }
    (sum + 0.5) as u8
}

fn weights(at: f32) -> [f32; 4] {
    let (square, cube) = (at * at, at * at * at);
    [
        square - 0.5 * (cube + at),
        1.5 * cube - 2.5 * square + 1.0,
        2.0 * square - 1.5 * cube + 0.5 * at,
        0.5 * (cube - square),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn a_point_goes_to_the_page_and_back() {
        let level = Level::tilted((800, 1200), 7.5);
        let page = level.levelled((120.0, 900.0));
        // Not cropped: the origin is the centre of rotation.
        let back = level.on_picture(page);
        assert!((back.0 - 120.0).abs() < 0.01 && (back.1 - 900.0).abs() < 0.01, "{back:?}");
    }

    #[test]
    fn a_tilted_bar_is_levelled_and_maps_back_to_the_picture() {
        let slope = 10.0_f32.to_radians().tan();
        let on_bar = |x: u32, y: u32| (y as f32 - 60.0 - x as f32 * slope).abs() < 4.0;
        let picture = GrayImage::from_fn(200, 160, |x, y| Luma([if on_bar(x, y) { 0 } else { 255 }]));
        let level = Level::tilted((200, 160), 10.0).cropped([(0.0, 0.0), (199.0, 159.0)].into_iter(), 0.0);
        let page = level.taken_from(&picture, 1.0);
        let height = |x: u32| {
            let bar: Vec<u32> = (0..page.height()).filter(|&y| page.get_pixel(x, y).0[0] < 128).collect();
            bar.iter().sum::<u32>() / bar.len() as u32
        };
        let (left, middle) = (height(60), height(page.width() / 2));
        assert!(middle.abs_diff(left) <= 1, "{left} and {middle}");
        let (x, y) = (page.width() as f32 / 2.0, middle as f32);
        let place = level.place_on_picture(Place { left: x - 1.0, top: y - 1.0, right: x + 1.0, bottom: y + 1.0 });
        let (x, y) = (f32::midpoint(place.left, place.right), f32::midpoint(place.top, place.bottom));
        assert!((y - 60.0 - x * slope).abs() < 3.0, "{place:?} should be on the bar");
    }
}
