//! The complete process: from a picture to a cheque.

use crate::document::pages;
use crate::engine::{Engine, Language, Mode, RecognizedWord};
use crate::layout::measure::count;
use crate::page::sheet::Sheet;
use crate::parse::{self, Parsed};
use crate::picture::{Picture, Refusal};
use crate::processor_time::ProcessorTime;
use crate::word::{Pass, Place, Word};
use contracts::cheque::{Bounds, Cheque, ChequeStatus, ChequeWarning, PhotoSize};
use image::GrayImage;
use std::time::Duration;
use time::OffsetDateTime;

/// The result of reading a picture.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The recognised cheque; the boxes of its lines are in pixels of `photo`.
    pub cheque: Cheque,
    /// The upright pictures to store, each a JPEG without metadata.
    pub photos: Vec<Vec<u8>>,
}

/// Progress of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The step that begins, from 1.
    pub step: u32,
    /// Largest number of steps; an easy picture needs fewer.
    pub steps: u32,
}

/// No further look begins after this processor time. All looks at a usual bill take up to 20 s.
const LOOKING_TIME: Duration = Duration::from_secs(16);
/// No other orientation is tried after this processor time.
const TURNING_TIME: Duration = Duration::from_secs(8);
/// A page with more letters is read in strips. A bill of 70 lines has 1,700.
const LETTERS_DENSE: usize = 3_000;
/// No strip of such a page begins after this processor time.
const DENSE_TIME: Duration = Duration::from_secs(10);
/// Stop after this many looks without a word of high confidence.
const BLIND_LOOKS_MAX: usize = 3;
/// Minimum number of words with high confidence on any text.
const SURE_WORDS_MIN: usize = 3;
/// A page with this many words of high confidence is upright if they are a fair share of its words.
const UPRIGHT_WORDS_MIN: usize = 10;
/// Share of words with high confidence on an upright page. Upside down, a third is read as something else; so is bad
/// print, for which one look more is the price.
const UPRIGHT_SHARE_MIN: f32 = 0.5;
/// Confidence above which a word counts as certain.
const SURE: f32 = 0.6;

/// The variant of the page that is given to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// Grey, unchanged.
    Plain,
    /// Evenly lit, without the table.
    Masked,
    /// Like `Masked`, with increased contrast.
    Contrasted,
}

struct Look {
    name: &'static str,
    view: View,
    mode: Mode,
}

/// Number of [`LOOKS`].
const LOOKS_PER_PAGE: u32 = 6;
/// All looks, ordered by how much each one contributes; see `NOTES.md`.
const LOOKS: [Look; LOOKS_PER_PAGE as usize] = [
    Look { name: "masked/4", view: View::Masked, mode: Mode::Column },
    Look { name: "plain/6", view: View::Plain, mode: Mode::Block },
    Look { name: "contrasted/4", view: View::Contrasted, mode: Mode::Column },
    Look { name: "masked/6", view: View::Masked, mode: Mode::Block },
    Look { name: "plain/4", view: View::Plain, mode: Mode::Column },
    Look { name: "masked/11", view: View::Masked, mode: Mode::Sparse },
];

/// Reads a picture: takes one look after another until the result adds up with enough evidence.
///
/// A picture without text is not an error: its cheque has the status failed, with [`ChequeWarning::NoText`].
///
/// # Errors
/// Any [`Refusal`].
pub fn read(engine: &mut Engine, bytes: &[u8], progress: &mut dyn FnMut(Progress)) -> Result<Reading, Refusal> {
    progress(Progress { step: 1, steps: LOOKS_PER_PAGE });
    let pages = pages(bytes)?;
    let count = u32::try_from(pages.len()).unwrap_or(u32::MAX);
    let mut whole: Option<Reading> = None;
    for (before, picture) in (0..).zip(pages) {
        let mut progress =
            |step| progress(Progress { step: before * LOOKS_PER_PAGE + step, steps: count * LOOKS_PER_PAGE });
        let (cheque, photo) = read_page(engine, picture, count, &mut progress)?;
        whole = Some(match whole {
            None => Reading { cheque, photos: vec![photo] },
            // The back of a page, or an empty one.
            Some(whole) if cheque.warnings.contains(&ChequeWarning::NoText) => whole,
            Some(whole) => whole.continued(cheque, photo),
        });
    }
    whole.ok_or(Refusal::Broken)
}

impl Reading {
    /// Adds the next page of the same document.
    fn continued(mut self, cheque: Cheque, photo: Vec<u8>) -> Self {
        self.photos.push(photo);
        let number = u32::try_from(self.photos.len()).unwrap_or(u32::MAX);
        Self { cheque: self.cheque.continued(&cheque.numbered_from(number), false), photos: self.photos }
    }
}

/// Reads one of `count` pages, which share the time of one.
fn read_page(
    engine: &mut Engine,
    picture: Picture,
    count: u32,
    progress: &mut dyn FnMut(u32),
) -> Result<(Cheque, Vec<u8>), Refusal> {
    progress(1);
    let time = ProcessorTime::start();
    let (picture, sheet, first) = upright(engine, picture, time);
    let (photo, width, height) = picture.photo()?;
    let mut looks = Looks::new(engine, &sheet, time);
    let mut passes = vec![looks.first(first)];
    let mut parsed = understood(&passes);
    for (step, look) in (2..).zip(&LOOKS[1..]) {
        let blind = passes.len() >= BLIND_LOOKS_MAX && !has_text(&passes);
        if parsed.sure || blind || time.used() > looks.limit() / count {
            break;
        }
        progress(step);
        passes.push(looks.pass(look));
        parsed = understood(&passes);
    }
    let read = if has_text(&passes) { &passes[..] } else { &[] };
    let title = parse::title(read, &parsed, OffsetDateTime::now_utc().date());
    let mut cheque = cheque(parsed, &sheet, PhotoSize { width, height }, picture.pixels.width());
    (cheque.merchant, cheque.purchased_on) = (title.merchant, title.purchased_on);
    Ok((cheque, photo))
}

/// The upright picture and its first look. A camera held flat above a table does not know its orientation, and then
/// hardly any word has a high confidence.
fn upright(engine: &mut Engine, picture: Picture, time: ProcessorTime) -> (Picture, Sheet, Pass) {
    let look = |engine: &mut Engine, picture: &Picture| {
        let sheet = Sheet::of(&picture.pixels);
        let pass = Looks::new(engine, &sheet, time).pass(&LOOKS[0]);
        (sheet, pass)
    };
    let (sheet, first) = look(engine, &picture);
    if is_upright(&first) || sheet.letters < UPRIGHT_WORDS_MIN {
        return (picture, sheet, first);
    }
    // If some words are legible, the lines are level: upside down is the likeliest.
    let turns: &[u8] = match sure_words(&first) {
        UPRIGHT_WORDS_MIN.. => &[2],
        SURE_WORDS_MIN.. => &[2, 1, 3],
        _ => &[1, 3, 2],
    };
    let in_time = turns.iter().copied().take_while(|_| time.used() < TURNING_TIME);
    let turned = in_time.map(|quarters| {
        let turned = picture.turned(quarters);
        let (sheet, pass) = look(engine, &turned);
        (turned, sheet, pass)
    });
    let upright = turned.max_by_key(|(_, _, pass)| sure_words(pass));
    let more = 2 * sure_words(&first) + SURE_WORDS_MIN;
    upright.filter(|(_, _, pass)| sure_words(pass) > more).unwrap_or((picture, sheet, first))
}

fn understood(passes: &[Pass]) -> Parsed {
    parse::cheque(if has_text(passes) { passes } else { &[] })
}

fn has_text(passes: &[Pass]) -> bool {
    passes.iter().any(|pass| sure_words(pass) >= SURE_WORDS_MIN)
}

/// All looks at a picture, whether needed or not; for the development of the parser.
///
/// # Errors
/// Any [`Refusal`].
pub fn passes(engine: &mut Engine, bytes: &[u8]) -> Result<Vec<Pass>, Refusal> {
    let time = ProcessorTime::start();
    let picture = pages(bytes)?.into_iter().next().ok_or(Refusal::Broken)?;
    let (_, sheet, first) = upright(engine, picture, time);
    let mut looks = Looks::new(engine, &sheet, time);
    let mut passes = vec![looks.first(first)];
    passes.extend(LOOKS[1..].iter().map(|look| looks.pass(look)));
    Ok(passes)
}

/// The looks at one page, sharing intermediate images.
struct Looks<'a> {
    engine: &'a mut Engine,
    sheet: &'a Sheet,
    plain: GrayImage,
    masked: GrayImage,
    time: ProcessorTime,
    /// The language of the page, once known.
    language: Language,
}

impl<'a> Looks<'a> {
    fn new(engine: &'a mut Engine, sheet: &'a Sheet, time: ProcessorTime) -> Self {
        let plain = sheet.plain();
        let masked = sheet.masked(&plain);
        Self { engine, sheet, plain, masked, time, language: Language::Both }
    }

    /// Determines the language from a first pass that was made before.
    fn first(&mut self, pass: Pass) -> Pass {
        self.language = language(&pass.words);
        pass
    }

    fn is_dense(&self) -> bool {
        self.sheet.letters > LETTERS_DENSE
    }

    /// The processor time after which no further look begins.
    fn limit(&self) -> Duration {
        if self.is_dense() { DENSE_TIME } else { LOOKING_TIME }
    }

    fn pass(&mut self, look: &Look) -> Pass {
        let contrasted;
        let page = match look.view {
            View::Plain => &self.plain,
            View::Masked => &self.masked,
            View::Contrasted => {
                contrasted = Sheet::contrasted(&self.masked);
                &contrasted
            }
        };
        let recognized = if self.is_dense() {
            let goes_on = || self.time.used() < DENSE_TIME;
            self.engine.recognize_strips(page, look.mode, self.language, goes_on)
        } else {
            self.engine.recognize(page, look.mode, self.language)
        };
        let recognized = recognized.unwrap_or_else(|failure| {
            tracing::warn!(error = &failure as &dyn std::error::Error, "look {} failed", look.name);
            vec![]
        });
        let words = recognized.into_iter().map(|recognized| word(recognized, self.sheet.factor)).collect();
        Pass { name: look.name, words }
    }
}

/// The language of the page, if the words are unambiguous: one language takes half the time of two.
fn language(words: &[Word]) -> Language {
    const LETTERS_MIN: usize = 60;
    let letters = || {
        let sure = words.iter().filter(|word| word.confidence >= SURE && word.text.chars().count() > 2);
        sure.flat_map(|word| word.text.chars()).filter(|letter| letter.is_alphabetic())
    };
    let cyrillic = letters().filter(|letter| ('\u{400}'..'\u{500}').contains(letter)).count();
    let all = letters().count();
    if all < LETTERS_MIN {
        Language::Both
    } else if cyrillic * 20 < all {
        Language::English
    } else if cyrillic * 2 > all {
        Language::Russian
    } else {
        Language::Both
    }
}

fn word(recognized: RecognizedWord, factor: f32) -> Word {
    let place = Place {
        left: recognized.left / factor,
        top: recognized.top / factor,
        right: recognized.right / factor,
        bottom: recognized.bottom / factor,
    };
    Word { text: recognized.text, confidence: recognized.confidence, place, line: recognized.line }
}

fn is_upright(pass: &Pass) -> bool {
    let sure = sure_words(pass);
    let long = pass.words.iter().filter(|word| is_long(word)).count();
    sure >= UPRIGHT_WORDS_MIN && count(sure) >= UPRIGHT_SHARE_MIN * count(long)
}

fn is_long(word: &Word) -> bool {
    word.text.chars().filter(|letter| letter.is_alphanumeric()).count() > 2
}

/// Number of words with high confidence; on tables and wallpaper the engine also reports words, but with low
/// confidence.
fn sure_words(pass: &Pass) -> usize {
    pass.words.iter().filter(|word| word.confidence >= SURE && is_long(word)).count()
}

/// The cheque with its photo, the boxes of its lines on the photo, and a warning if the photo's quality is poor.
fn cheque(parsed: Parsed, sheet: &Sheet, photo: PhotoSize, picture_width: u32) -> Cheque {
    let mut cheque = parsed.cheque;
    for (product, place) in cheque.products.iter_mut().zip(parsed.places) {
        product.bounds = place.map(|place| bounds(sheet.level.place_on_picture(place), picture_width, photo));
    }
    for (total, place) in cheque.totals.iter_mut().zip(parsed.total_places) {
        total.bounds = place.map(|place| bounds(sheet.level.place_on_picture(place), picture_width, photo));
    }
    cheque.photo = Some(photo);
    if sheet.poor() && cheque.status != ChequeStatus::Balanced {
        cheque.warnings.push(ChequeWarning::PoorPhoto);
    }
    cheque
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a photo has at most a few thousand pixels, and edges stay within it"
)]
fn bounds(place: Place, picture_width: u32, photo: PhotoSize) -> Bounds {
    let scale = photo.width as f32 / picture_width as f32;
    let edge = |at: f32, end: u32| (at * scale).clamp(0.0, end as f32) as u32;
    let (x, y) = (edge(place.left, photo.width), edge(place.top, photo.height));
    let (right, bottom) = (edge(place.right.ceil(), photo.width), edge(place.bottom.ceil(), photo.height));
    Bounds { x, y, width: right.saturating_sub(x), height: bottom.saturating_sub(y), page: None }
}
