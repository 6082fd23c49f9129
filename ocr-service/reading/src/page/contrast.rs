//! Increases low local contrast, for thin print and dark corners.

use image::GrayImage;

/// Clip limit of the histogram, as a multiple of a uniform distribution: more would amplify noise.
const CLIP: f32 = 2.5;

/// Contrast limited adaptive histogram equalisation (CLAHE, Zuiderveld 1994), with interpolation between tile centres.
/// `tile` is in pixels.
pub(crate) fn equalised(grey: &GrayImage, tile: u32) -> GrayImage {
    let tile = tile.max(16);
    let (across, down) = (grey.width().div_ceil(tile), grey.height().div_ceil(tile));
    let curves: Vec<[u8; 256]> = (0..down)
        .flat_map(|y| (0..across).map(move |x| (x, y)))
        .map(|(x, y)| curve(grey, x * tile, y * tile, tile))
        .collect();
    let place = |at: u32, count: u32| {
        let middle = (at as f32 / tile as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        let low = middle as u32;
        (low, (low + 1).min(count - 1), middle.fract())
    };
    let columns: Vec<_> = (0..grey.width()).map(|x| place(x, across)).collect();
    let mut equalised = grey.clone();
    for (y, row) in (0..).zip(equalised.as_mut().chunks_exact_mut(grey.width() as usize)) {
        let (above, below, down_share) = place(y, down);
        for (pixel, &(left, right, share)) in row.iter_mut().zip(&columns) {
            let at = |x: u32, y: u32| f32::from(curves[(y * across + x) as usize][usize::from(*pixel)]);
            let upper = at(left, above) * (1.0 - share) + at(right, above) * share;
            let lower = at(left, below) * (1.0 - share) + at(right, below) * share;
            *pixel = (upper * (1.0 - down_share) + lower * down_share) as u8;
        }
    }
    equalised
}

fn curve(grey: &GrayImage, left: u32, top: u32, tile: u32) -> [u8; 256] {
    let (right, bottom) = ((left + tile).min(grey.width()), (top + tile).min(grey.height()));
    let mut counts = [0_f32; 256];
    for y in top..bottom {
        let row = (y * grey.width()) as usize;
        grey.as_raw()[row + left as usize..row + right as usize].iter().for_each(|&p| counts[usize::from(p)] += 1.0);
    }
    let total = ((right - left) * (bottom - top)).max(1) as f32;
    let limit = CLIP * total / 256.0;
    let excess: f32 = counts.iter().map(|count| (count - limit).max(0.0)).sum();
    let mut sum = 0.0;
    counts.map(|count| {
        sum += count.min(limit) + excess / 256.0;
        (sum * 255.0 / total).min(255.0) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Luma;

    #[test]
    fn thin_print_gets_darker_than_its_paper_by_more() {
        let print = |x: u32, y: u32| x % 8 < 2 && y % 12 < 8;
        let paper = |x: u32, y: u32| 160 + u8::try_from((x * 3 + y * 5) % 32).unwrap();
        let page = GrayImage::from_fn(160, 160, |x, y| Luma([paper(x, y) - if print(x, y) { 24 } else { 0 }]));
        let raised = equalised(&page, 40);
        // Five pixels to the right, the paper is as bright as it is under the print.
        let (ink, paper) = (raised.get_pixel(80, 84).0[0], raised.get_pixel(80 + 5, 84 - 3).0[0]);
        assert!(i32::from(paper) - i32::from(ink) > 40, "{ink} on {paper}");
    }
}
