//! Filters whose cost does not depend on their radius.

use image::GrayImage;

/// Box filter: the mean of the square with radius `reach`, clipped at the borders.
pub(crate) fn mean(grey: &GrayImage, reach: u32) -> GrayImage {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let reach = reach as usize;
    let mut columns = vec![0_u32; width];
    let mut smooth = vec![0_u8; width * height];
    let row = |y: usize| &grey.as_raw()[y * width..(y + 1) * width];
    let add = |columns: &mut [u32], y: usize| columns.iter_mut().zip(row(y)).for_each(|(sum, &p)| *sum += u32::from(p));
    (0..reach.min(height)).for_each(|y| add(&mut columns, y));
    for y in 0..height {
        if y + reach < height {
            add(&mut columns, y + reach);
        }
        if y > reach {
            columns.iter_mut().zip(row(y - reach - 1)).for_each(|(sum, &p)| *sum -= u32::from(p));
        }
        let rows = (y + reach).min(height - 1) - y.saturating_sub(reach) + 1;
        mean_of_row(&columns, rows, reach, &mut smooth[y * width..(y + 1) * width]);
    }
    from_raw(grey, smooth)
}

fn mean_of_row(columns: &[u32], rows: usize, reach: usize, to: &mut [u8]) {
    let width = columns.len();
    let mut sum: u64 = columns[..reach.min(width)].iter().map(|&part| u64::from(part)).sum();
    for x in 0..width {
        if x + reach < width {
            sum += u64::from(columns[x + reach]);
        }
        if x > reach {
            sum -= u64::from(columns[x - reach - 1]);
        }
        let count = ((x + reach).min(width - 1) - x.saturating_sub(reach) + 1) * rows;
        to[x] = u8::try_from(sum / count as u64).unwrap_or(u8::MAX);
    }
}

/// Dilation: the lightest pixel of the square with radius `reach`.
pub(crate) fn lightest(grey: &GrayImage, reach: u32) -> GrayImage {
    extreme(grey, reach, u8::max, u8::MIN)
}

/// Erosion: the darkest pixel of the square with radius `reach`.
pub(crate) fn darkest(grey: &GrayImage, reach: u32) -> GrayImage {
    extreme(grey, reach, u8::min, u8::MAX)
}

/// The van Herk/Gil-Werman algorithm: running extremes forwards and backwards within blocks, joined by one comparison.
/// First along the rows, then along the columns, row by row to use the cache.
fn extreme(grey: &GrayImage, reach: u32, pick: fn(u8, u8) -> u8, neutral: u8) -> GrayImage {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let (reach, block) = (reach as usize, 2 * reach as usize + 1);
    let mut flat = grey.as_raw().clone();
    let mut forwards = vec![neutral; width + 2 * reach];
    let mut backwards = forwards.clone();
    for row in flat.chunks_exact_mut(width.max(1)) {
        forwards.fill(neutral);
        forwards[reach..reach + width].copy_from_slice(row);
        backwards.copy_from_slice(&forwards);
        for at in 1..forwards.len() {
            if at % block != 0 {
                forwards[at] = pick(forwards[at], forwards[at - 1]);
            }
        }
        for at in (0..backwards.len().saturating_sub(1)).rev() {
            if (at + 1) % block != 0 {
                backwards[at] = pick(backwards[at], backwards[at + 1]);
            }
        }
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = pick(backwards[x], forwards[x + 2 * reach]);
        }
    }
    let padded = height + 2 * reach;
    let mut forwards = vec![neutral; width * padded];
    forwards[reach * width..(reach + height) * width].copy_from_slice(&flat);
    let mut backwards = forwards.clone();
    for y in 1..padded {
        if y % block != 0 {
            let (above, here) = forwards.split_at_mut(y * width);
            join(&mut here[..width], &above[(y - 1) * width..], pick);
        }
    }
    for y in (0..padded.saturating_sub(1)).rev() {
        if (y + 1) % block != 0 {
            let (here, below) = backwards.split_at_mut((y + 1) * width);
            join(&mut here[y * width..], &below[..width], pick);
        }
    }
    let ends = &forwards[2 * reach * width..];
    flat.iter_mut().zip(backwards.iter().zip(ends)).for_each(|(pixel, (&a, &b))| *pixel = pick(a, b));
    from_raw(grey, flat)
}

fn join(to: &mut [u8], from: &[u8], pick: fn(u8, u8) -> u8) {
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = pick(*to, from));
}

fn from_raw(like: &GrayImage, pixels: Vec<u8>) -> GrayImage {
    GrayImage::from_raw(like.width(), like.height(), pixels).expect("the number of pixels is unchanged")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slowly(grey: &GrayImage, reach: i64, sum: impl Fn(&[u8]) -> u8) -> GrayImage {
        let (width, height) = (i64::from(grey.width()), i64::from(grey.height()));
        GrayImage::from_fn(grey.width(), grey.height(), |x, y| {
            let around = |at: u32, end: i64| (i64::from(at) - reach).max(0)..=(i64::from(at) + reach).min(end - 1);
            let near: Vec<u8> = around(y, height)
                .flat_map(|y| around(x, width).map(move |x| (x, y)))
                .map(|(x, y)| grey.get_pixel(x as u32, y as u32).0[0])
                .collect();
            image::Luma([sum(&near)])
        })
    }

    proptest! {
        #[test]
        fn the_fast_filters_equal_the_slow_ones(
            (width, height) in (1..20_u32, 1..20_u32), reach in 0..12_u32, seed in any::<u32>(),
        ) {
            let grey = GrayImage::from_fn(width, height, |x, y| {
                image::Luma([(seed.wrapping_mul(x * 31 + y * 17 + 7).rotate_left(x + y) % 256) as u8])
            });
            let far = i64::from(reach);
            prop_assert_eq!(lightest(&grey, reach), slowly(&grey, far, |near| *near.iter().max().unwrap()));
            prop_assert_eq!(darkest(&grey, reach), slowly(&grey, far, |near| *near.iter().min().unwrap()));
            let average = |near: &[u8]| {
                (near.iter().map(|&pixel| u64::from(pixel)).sum::<u64>() / near.len() as u64) as u8
            };
            prop_assert_eq!(mean(&grey, reach), slowly(&grey, far, average));
        }
    }
}
