//! Analyses a page before recognition, and prepares the images of it for the engine.

use super::bend::{Bend, Letter};
use super::contrast::equalised;
use super::filter::darkest;
use super::flatten::flattened;
use super::level::Level;
use super::marks::{Mark, in_words, letter_height, marks};
use super::paper::Paper;
use super::tilt::tilt;
use image::{GrayImage, RgbImage};

/// Target letter height for the engine, in pixels.
const LETTER: f32 = 30.0;
/// Letters below this height are hard to read even for humans, in pixels.
const LETTER_LEGIBLE: f32 = 8.0;
/// Lower than the number of letters on the shortest slip.
const LETTERS_MIN: usize = 20;
/// Minimum brightness of paper on a photo with enough light.
const LIGHTNESS_MIN: u8 = 60;
/// Brightness of the background below which its text may be light.
const DARK: u8 = 100;
/// See [`sharpness`]; photos that are recognised well have more.
const SHARPNESS_MIN: f32 = 0.2;
/// Largest number of pixels of a page image; even a page full of texture takes long enough.
const PAGE_PIXELS_MAX: f32 = 9_000_000.0;
/// The same for a page without letters, where the engine spends time on every speck of noise.
const NOISE_PIXELS_MAX: f32 = 1_500_000.0;
/// Taller components are not letters, in pixels.
const LETTER_MAX: f32 = 250.0;
/// Assumed letter height for the first search, in pixels; it need not be accurate.
const LETTER_GUESS: u32 = 30;
/// Threshold of ink on a flattened page.
const INK: u8 = 170;
/// Ink thresholds for dot-matrix print and pale ink, with the radius for joining the pieces, in pixels.
const PALE_INKS: [(u8, u32); 4] = [(170, 1), (215, 0), (215, 1), (190, 2)];

/// An analysed page: the course of its lines, and its letter height.
pub(crate) struct Sheet {
    grey: GrayImage,
    paper: Option<Paper>,
    pub(crate) level: Level,
    /// Letter height, in pixels of the picture.
    pub(crate) letter: f32,
    /// Scale factor that gives letters the size that the engine reads best.
    pub(crate) factor: f32,
    /// Number of letter-like components.
    pub(crate) letters: usize,
    lightness: u8,
    sharpness: f32,
}

impl Sheet {
    /// Finds paper, letters, tilt and bend.
    pub(crate) fn of(pixels: &RgbImage) -> Self {
        let mut grey = image::imageops::grayscale(pixels);
        let mut flat = flattened(&grey, LETTER_GUESS);
        let (mut letters, mut letter) = letters(&flat);
        let light;
        let mut pixels = pixels;
        if is_dark(&grey) {
            // A screen in dark mode, or a dark table: whichever shows more text.
            let inverted = Self::inverted(pixels);
            if in_words(&inverted.letters).len() > in_words(&letters).len() {
                let Inverted {
                    pixels: light_pixels,
                    grey: light_grey,
                    flat: light_flat,
                    letters: marks,
                    letter: height,
                } = inverted;
                light = light_pixels;
                (pixels, grey, flat, letters, letter) = (&light, light_grey, light_flat, marks, height);
            }
        }
        let paper = Paper::find(pixels, &in_words(&letters));
        if let Some(paper) = &paper {
            letters.retain(|mark| paper.holds(mark));
        }
        let letter = letter_height(&letters).map_or(letter, |height| height as f32).min(LETTER_MAX);
        let level = level(grey.dimensions(), &letters, letter);
        let pixels_max = if letters.len() < LETTERS_MIN { NOISE_PIXELS_MAX } else { PAGE_PIXELS_MAX };
        let room = (pixels_max / (level.size.0 * level.size.1)).sqrt();
        let factor = (LETTER / letter).clamp(0.25, 4.0).min(room);
        let (lightness, sharpness) = (lightness(&grey), sharpness(&flat, &letters, letter));
        Self { grey, paper, level, letter, factor, letters: letters.len(), lightness, sharpness }
    }

    fn inverted(pixels: &RgbImage) -> Inverted {
        let mut pixels = pixels.clone();
        image::imageops::invert(&mut pixels);
        let grey = image::imageops::grayscale(&pixels);
        let flat = flattened(&grey, LETTER_GUESS);
        let (letters, letter) = letters(&flat);
        Inverted { pixels, grey, flat, letters, letter }
    }

    /// The grey page, levelled and scaled.
    pub(crate) fn plain(&self) -> GrayImage {
        self.level.taken_from(&self.grey, self.factor)
    }

    /// The plain page without shadows and without the table.
    pub(crate) fn masked(&self, plain: &GrayImage) -> GrayImage {
        let mut page = flattened(plain, (LETTER * 1.5) as u32);
        if let Some(paper) = &self.paper {
            self.level.whiten(&mut page, self.factor, &paper.mask, paper.scale);
        }
        page
    }

    /// The masked page with increased local contrast.
    pub(crate) fn contrasted(masked: &GrayImage) -> GrayImage {
        equalised(masked, (LETTER * 3.0) as u32)
    }

    /// Whether the quality of the picture explains a bad result: its letters are tiny or few, or it is too dark or too
    /// blurred.
    pub(crate) fn poor(&self) -> bool {
        let letter = self.letter < LETTER_LEGIBLE || self.letters < LETTERS_MIN;
        letter || self.lightness < LIGHTNESS_MIN || self.sharpness < SHARPNESS_MIN
    }
}

/// A picture with dark and light exchanged.
struct Inverted {
    pixels: RgbImage,
    grey: GrayImage,
    flat: GrayImage,
    letters: Vec<Mark>,
    letter: f32,
}

/// Whether most of the picture is dark.
fn is_dark(grey: &GrayImage) -> bool {
    let dark = grey.iter().step_by(97).filter(|level| **level < DARK).count();
    dark * 2 > grey.iter().step_by(97).count()
}

/// The letters and their height. Dot-matrix printers leave dots, and pale ink leaves fragments, which rarely form
/// words: then the dots are joined, or paler ink is searched.
fn letters(flat: &GrayImage) -> (Vec<Mark>, f32) {
    let mut best = letters_of(marks(flat, INK));
    let mut most = in_words(&best.0).len();
    if most * 7 > best.0.len() {
        return best;
    }
    for (ink, reach) in PALE_INKS {
        let joined = if reach == 0 { marks(flat, ink) } else { marks(&darkest(flat, reach), ink) };
        let found = letters_of(joined.into_iter().map(|mark| mark.shrunk(reach)).collect());
        let count = in_words(&found.0).len();
        if count > most {
            (best, most) = (found, count);
        }
    }
    best
}

fn letters_of(mut marks: Vec<Mark>) -> (Vec<Mark>, f32) {
    let letter = letter_height(&marks).unwrap_or(LETTER_GUESS) as f32;
    marks.retain(|mark| mark.letter_like() && (0.5..2.0).contains(&(mark.height() as f32 / letter)));
    (marks, letter)
}

/// Brightness of the lighter half of the picture: the paper.
fn lightness(grey: &GrayImage) -> u8 {
    let mut levels: Vec<u8> = grey.iter().step_by(97).copied().collect();
    levels.sort_unstable();
    levels.get(levels.len() * 3 / 4).copied().unwrap_or(0)
}

/// Steepness of letter edges: the largest step between two neighbouring pixels in a row of a letter, relative to the
/// contrast of paper and ink, times the letter height in tens of pixels. The median over the letters.
fn sharpness(flat: &GrayImage, letters: &[Mark], letter: f32) -> f32 {
    let mut steps: Vec<u8> = vec![];
    for mark in letters.iter().step_by(1 + letters.len() / 500) {
        for y in [mark.top + mark.height() / 3, mark.top + mark.height() * 2 / 3] {
            let row =
                (mark.left.saturating_sub(2)..(mark.right + 2).min(flat.width())).map(|x| flat.get_pixel(x, y).0[0]);
            let row: Vec<u8> = row.collect();
            steps.extend(row.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max());
        }
    }
    steps.sort_unstable();
    steps.get(steps.len() / 2).map_or(0.0, |&step| f32::from(step) / 255.0 * letter / 10.0)
}

fn level(size: (u32, u32), letters: &[Mark], letter: f32) -> Level {
    let tilted = Level::tilted(size, tilt(letters, letter));
    let straight = tilted.clone();
    let mut feet: Vec<Letter> = letters
        .iter()
        .map(|mark| {
            let (left, foot) = straight.levelled((mark.left as f32, mark.bottom as f32));
            let (right, _) = straight.levelled((mark.right as f32, mark.bottom as f32));
            Letter { left, right, foot, height: mark.height() as f32 }
        })
        .collect();
    let bent = tilted.bent(Bend::fit(&mut feet, size.0.max(size.1) as f32 / 2.0));
    let corners = |mark: &Mark| {
        let edges = [mark.left, mark.top, mark.right, mark.bottom].map(|edge| edge as f32);
        [(edges[0], edges[1]), (edges[2], edges[3])]
    };
    bent.cropped(letters.iter().flat_map(corners), 2.0 * letter)
}
