//! Decodes a HEIC, the format of phones.

use crate::picture::{PIXELS_MAX, Picture, Refusal, SIDE_MIN};
use image::{DynamicImage, RgbImage};
use rayon::ThreadPoolBuilder;

/// Lets the decoder work on the calling thread only: a worker must not start threads. Call it once, before the worker
/// gives up its access.
pub fn use_one_thread() {
    // It can only fail if there is a pool already, which is then this one.
    let _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
}

/// Decodes the main picture, upright.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, Refusal> {
    let broken = |_| Refusal::Broken;
    let declared = heic_decoder::probe(bytes).map_err(broken)?;
    let side = |side: usize| u32::try_from(side).map_err(|_| Refusal::Broken);
    let (width, height) = (side(declared.coded_width)?, side(declared.coded_height)?);
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refusal::TooManyPixels { width, height });
    }
    let decoded = heic_decoder::decode(bytes).map_err(broken)?;
    let pixels = decoded.to_rgb8().map_err(broken)?;
    // The planes take more memory than the pixels.
    drop(decoded);
    let (width, height) = (side(pixels.width)?, side(pixels.height)?);
    if width < SIDE_MIN || height < SIDE_MIN {
        return Err(Refusal::Broken);
    }
    let pixels = RgbImage::from_raw(width, height, pixels.data).ok_or(Refusal::Broken)?;
    Ok(Picture::scaled(DynamicImage::ImageRgb8(pixels)))
}
