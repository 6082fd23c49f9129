//! Finds the paper, so that the table under it is not read.

use super::filter::{darkest, lightest, mean};
use super::marks::{Mark, components};
use image::{GrayImage, Luma, RgbImage};

/// Longest side of the downscaled picture in which the paper is searched, in pixels.
const SIDE: u32 = 320;
/// Radius for removing letters there, in pixels.
const STROKES: u32 = 3;
/// Step between two tried thresholds.
const THRESHOLD_STEP: usize = 6;
/// Share of the letter-like components that may be outside of the paper, because some belong to the table.
const LETTERS_LOST_MAX: f32 = 0.04;
/// Tolerance in brightness below the tightest threshold: amounts in a dark corner are only a few letters.
const SHADE: u8 = 15;

/// Mask of the paper, downscaled.
#[derive(Clone, Debug)]
pub(crate) struct Paper {
    /// White on the paper.
    pub(crate) mask: GrayImage,
    /// Pixels of the picture per pixel of the mask.
    pub(crate) scale: f32,
}

impl Paper {
    /// Finds the light, colourless region that contains nearly all `letters`. Of several, takes the lightest one,
    /// because tables are darker. `None` if there is no such region, or if it covers the whole picture.
    pub(crate) fn find(pixels: &RgbImage, letters: &[Mark]) -> Option<Self> {
        let scale = (pixels.width().max(pixels.height()) as f32 / SIDE as f32).max(1.0);
        let side = |side: u32| ((side as f32 / scale).ceil() as u32).max(1);
        let small = image::imageops::thumbnail(pixels, side(pixels.width()), side(pixels.height()));
        let score = mean(&darkest(&lightest(&score(&small), STROKES), STROKES), 1);
        let last = (score.width() - 1, score.height() - 1);
        let places: Vec<(u32, u32)> = letters
            .iter()
            .map(Mark::middle)
            .map(|(x, y)| (((x / scale) as u32).min(last.0), ((y / scale) as u32).min(last.1)))
            .collect();
        let enough = (letters.len() as f32 * (1.0 - LETTERS_LOST_MAX)) as usize;
        // The highest threshold gives the tightest outline.
        let tight = (1..=u8::MAX).rev().step_by(THRESHOLD_STEP).find(|&threshold| {
            let piece = piece(&score, threshold, &places);
            places.iter().filter(|(x, y)| piece.get_pixel(*x, *y).0[0] > 0).count() >= enough
        })?;
        let mask = lightest(&piece(&score, tight.saturating_sub(SHADE), &places), 3);
        let share = mask.iter().filter(|&&pixel| pixel > 0).count() as f32 / mask.len() as f32;
        (letters.len() > 20 && share < 0.95).then_some(Self { mask, scale })
    }

    /// Whether the mark is on the paper.
    pub(crate) fn holds(&self, mark: &Mark) -> bool {
        let (x, y) = mark.middle();
        let at = |place: f32, count: u32| ((place / self.scale) as u32).min(count - 1);
        self.mask.get_pixel(at(x, self.mask.width()), at(y, self.mask.height())).0[0] > 0
    }
}

/// The region lighter than `threshold` that contains most of the `places`, without holes.
fn piece(score: &GrayImage, threshold: u8, places: &[(u32, u32)]) -> GrayImage {
    let mut dark = score.clone();
    dark.iter_mut().for_each(|pixel| *pixel = 255 - *pixel);
    let (labels, pieces) = components(&dark, 255 - threshold);
    let mut held = vec![0_usize; pieces.len()];
    for (x, y) in places {
        if let Some(count) = held.get_mut(labels[(y * score.width() + x) as usize] as usize) {
            *count += 1;
        }
    }
    let best = (0..held.len()).max_by_key(|&at| held[at]);
    for (pixel, &label) in dark.iter_mut().zip(&labels) {
        *pixel = if Some(label as usize) == best { 255 } else { 0 };
    }
    fill(&mut dark);
    dark
}

/// Light and colourless pixels are paper: wood and skin are coloured, tables are dark.
fn score(pixels: &RgbImage) -> GrayImage {
    GrayImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let parts = pixels.get_pixel(x, y).0.map(i32::from);
        let (low, high) = (parts.iter().min().unwrap_or(&0), parts.iter().max().unwrap_or(&0));
        let light = (parts[0] * 3 + parts[1] * 6 + parts[2]) / 10;
        Luma([u8::try_from((light - (high - low) / 2).clamp(0, 255)).unwrap_or(0)])
    })
}

/// Fills the region up to its convex hull: slips are convex, shadows and fingers are not.
fn fill(piece: &mut GrayImage) {
    let mut left = vec![];
    let mut right = vec![];
    for (y, row) in (0..).zip(piece.rows()) {
        let mut inked = (0..).zip(row).filter(|(_, pixel)| pixel.0[0] > 0).map(|(x, _)| x);
        let Some(first) = inked.next() else { continue };
        extend(&mut left, (y, -first));
        extend(&mut right, (y, inked.last().unwrap_or(first)));
    }
    let (Some(top), Some(bottom)) = (left.first(), left.last()) else { return };
    for y in top.0..=bottom.0 {
        for x in -at(&left, y)..=at(&right, y) {
            piece.put_pixel(x.unsigned_abs(), y.unsigned_abs(), Luma([u8::MAX]));
        }
    }
}

/// Extends an upper hull; `next` is (row, extent).
fn extend(hull: &mut Vec<(i32, i32)>, next: (i32, i32)) {
    while let [.., before, last] = hull[..] {
        let turn = (last.0 - before.0) * (next.1 - before.1) - (last.1 - before.1) * (next.0 - before.0);
        if turn < 0 {
            break;
        }
        hull.pop();
    }
    hull.push(next);
}

/// The extent of the hull in a row between its ends.
fn at(hull: &[(i32, i32)], row: i32) -> i32 {
    let next = hull.partition_point(|point| point.0 < row).clamp(1, hull.len().max(2) - 1);
    match (hull.get(next - 1), hull.get(next)) {
        (Some(a), Some(b)) => a.1 + (b.1 - a.1) * (row - a.0) / (b.0 - a.0),
        (Some(only), None) => only.1,
        (None, _) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::marks::{in_words, marks};
    use image::Rgb;

    #[test]
    fn the_light_slip_on_a_brown_table_is_found_with_its_corners() {
        let mut pixels = RgbImage::from_fn(300, 400, |x, y| {
            let on_slip = (80..220).contains(&x) && (40..360).contains(&y);
            let grain = (x * 7 + y * 13) % 40;
            if on_slip { Rgb([225, 222, 218]) } else { Rgb([120 + grain as u8, 80 + grain as u8, 40]) }
        });
        for (row, column) in (0..10).flat_map(|row| (0..12).map(move |column| (row, column))) {
            for (x, y) in (0..5).flat_map(|x| (0..8).map(move |y| (x, y))) {
                pixels.put_pixel(95 + column * 9 + x, 60 + row * 28 + y, Rgb([30, 30, 30]));
            }
        }
        let letters = in_words(&marks(&image::imageops::grayscale(&pixels), 60));
        let paper = Paper::find(&pixels, &letters).unwrap();
        let on_paper = |x: f32, y: f32| {
            let at = |place: f32| (place / paper.scale) as u32;
            paper.mask.get_pixel(at(x), at(y)).0[0] > 0
        };
        assert!([(85.0, 45.0), (215.0, 45.0), (85.0, 355.0), (215.0, 355.0)].iter().all(|&(x, y)| on_paper(x, y)));
        assert!(![(40.0, 200.0), (260.0, 200.0), (150.0, 10.0), (150.0, 390.0)].iter().any(|&(x, y)| on_paper(x, y)));
    }

    #[test]
    fn a_scan_has_no_table() {
        let white = RgbImage::from_pixel(200, 300, Rgb([250; 3]));
        assert!(Paper::find(&white, &[]).is_none());
    }
}
