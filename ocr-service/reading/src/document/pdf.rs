//! Renders the first pages of a PDF.

use crate::picture::{Picture, Refusal, SIDE_MAX, SIDE_MIN};
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};
use image::{DynamicImage, Rgb, RgbImage};

/// Pixels for a point, which is 1/72 inch: 250 per inch, so that small print has 25 pixels.
const SCALE: f32 = 3.5;

/// The first pages, at most `pages_max`.
pub(super) fn render(bytes: &[u8], pages_max: usize) -> Result<Vec<Picture>, Refusal> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(|failure| match failure {
        LoadPdfError::Decryption(_) => Refusal::Locked,
        LoadPdfError::Invalid => Refusal::Broken,
    })?;
    let (cache, settings) = (RenderCache::new(), InterpreterSettings::default());
    let pages = pdf.pages().iter().take(pages_max);
    let pages: Vec<Picture> = pages.map(|page| rendered(page, &cache, &settings)).collect::<Result<_, _>>()?;
    if pages.is_empty() { Err(Refusal::Broken) } else { Ok(pages) }
}

fn rendered<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
    settings: &InterpreterSettings,
) -> Result<Picture, Refusal> {
    let scale = scale(page.render_dimensions()).ok_or(Refusal::Broken)?;
    let pixmap = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let drawn = hayro::render(page, cache, settings, &RenderSettings::default(), &pixmap);
    let (width, height) = (u32::from(drawn.width()), u32::from(drawn.height()));
    let mut pixels = RgbImage::new(width, height);
    // On white nothing is transparent, so the colours need no further calculation.
    for (to, from) in pixels.pixels_mut().zip(drawn.data_as_u8_slice().as_chunks::<4>().0) {
        let [red, green, blue, _] = *from;
        *to = Rgb([red, green, blue]);
    }
    Ok(Picture::scaled(DynamicImage::ImageRgb8(pixels)))
}

/// The scale at which a page fits; `None` if it is too narrow to show anything.
fn scale((width, height): (f32, f32)) -> Option<f32> {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand pixels")]
    let (most, least) = (SIDE_MAX as f32, SIDE_MIN as f32);
    let scale = SCALE.min(most / width.max(height));
    (width.is_finite() && height.is_finite() && width.min(height) * scale >= least).then_some(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_scaled_to_what_a_photo_may_have() {
        assert_eq!(scale((595.0, 842.0)), Some(SCALE), "A4");
        assert_eq!(scale((227.0, 4000.0)), Some(1.0), "a slip of 1.4 m");
        for impossible in [(0.0, 100.0), (1.0, 100_000.0), (f32::NAN, 100.0), (f32::INFINITY, 1.0)] {
            assert_eq!(scale(impossible), None, "{impossible:?}");
        }
    }
}
