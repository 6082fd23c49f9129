//! Removes shadows and stains: compares every pixel with the paper around it.

use super::filter::{darkest, lightest, mean};
use image::GrayImage;

/// Downscaling factor for the paper: it has no fine detail, and the filters are faster there.
const COARSE: u32 = 4;

/// Brightness of the paper at each pixel; letters of up to `letter` pixels are removed by closing.
pub(crate) fn paper(grey: &GrayImage, letter: u32) -> GrayImage {
    let small = coarse(grey);
    let reach = (letter / COARSE).max(2);
    let closed = darkest(&lightest(&small, reach), reach);
    fine(&mean(&closed, 2 * reach), grey.width(), grey.height())
}

/// Downscales to the lightest pixel of each square of [`COARSE`] pixels.
fn coarse(grey: &GrayImage) -> GrayImage {
    let mut small = GrayImage::new(grey.width().div_ceil(COARSE), grey.height().div_ceil(COARSE));
    let (width, small_width) = (grey.width() as usize, small.width() as usize);
    for (rows, to) in grey.as_raw().chunks(width * COARSE as usize).zip(small.chunks_exact_mut(small_width)) {
        for row in rows.chunks_exact(width) {
            for (pixels, to) in row.chunks(COARSE as usize).zip(&mut *to) {
                *to = pixels.iter().fold(*to, |lightest, &pixel| lightest.max(pixel));
            }
        }
    }
    small
}

/// Upscales with linear interpolation; the inverse of [`coarse`].
fn fine(small: &GrayImage, width: u32, height: u32) -> GrayImage {
    // In eighths of a pixel of the small image, whose pixel centres are 4 from their edges.
    let place = |at: u32, count: u32| {
        let eighths = (2 * at + 1).saturating_sub(COARSE);
        let low = (eighths / (2 * COARSE)).min(count - 1);
        (low as usize, (low + 1).min(count - 1) as usize, eighths % (2 * COARSE))
    };
    let blend = |a: u8, b: u8, share: u32| (u32::from(a) * (2 * COARSE - share) + u32::from(b) * share) / (2 * COARSE);
    let columns: Vec<_> = (0..width).map(|x| place(x, small.width())).collect();
    let mut fine = GrayImage::new(width, height);
    let row = |y: usize| &small.as_raw()[y * small.width() as usize..(y + 1) * small.width() as usize];
    for (y, to) in (0..).zip(fine.as_mut().chunks_exact_mut(width as usize)) {
        let (above, below, share) = place(y, small.height());
        let blended: Vec<u8> =
            row(above).iter().zip(row(below)).map(|(&a, &b)| u8::try_from(blend(a, b, share)).unwrap_or(255)).collect();
        for (pixel, &(left, right, share)) in to.iter_mut().zip(&columns) {
            *pixel = u8::try_from(blend(blended[left], blended[right], share)).unwrap_or(255);
        }
    }
    fine
}

/// The page as if evenly lit, with white paper.
pub(crate) fn flattened(grey: &GrayImage, letter: u32) -> GrayImage {
    let mut flat = paper(grey, letter);
    for (to, &from) in flat.iter_mut().zip(grey.iter()) {
        let share = u32::from(from) * 255 / u32::from(*to).max(1);
        *to = u8::try_from(share).unwrap_or(255);
    }
    flat
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn a_shadow_goes_and_the_print_stays() {
        let print = |x: u32, y: u32| x % 20 < 3 && y % 30 < 15;
        let page = GrayImage::from_fn(200, 120, |x, y| {
            let light = 80 + x / 2 + y / 4;
            Luma([(if print(x, y) { light / 3 } else { light }) as u8])
        });
        let flat = flattened(&page, 20);
        for (x, y, pixel) in flat.enumerate_pixels().filter(|(x, y, _)| (30..170).contains(x) && (30..90).contains(y)) {
            assert_eq!(pixel.0[0] < 128, print(x, y), "{} at {x}, {y}", pixel.0[0]);
        }
    }
}
