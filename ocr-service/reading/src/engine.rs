//! Tesseract: recognises words in pixels.

use image::GrayImage;
use leptess::{LepTess, Variable};
use std::path::Path;

/// Resolution reported to Tesseract, in dots per inch; letters of 30 pixels then correspond to 10 points.
const RESOLUTION: i32 = 300;

/// A Tesseract handle with its models loaded. It opens no files after its creation, so the process can lock itself down
/// then. The number of threads is `OMP_THREAD_LIMIT` at the start of the process.
pub struct Engine {
    both: LepTess,
    english: LepTess,
    russian: LepTess,
}

/// An error of Tesseract.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The name of the models' folder is not valid UTF-8.
    #[error("the name of the folder with Tesseract's models is not valid UTF-8")]
    UnreadableFolder,
    /// Tesseract did not start, usually because a model is missing.
    #[error("start Tesseract with its Russian and English models")]
    Start(#[from] leptess::tesseract::TessInitError),
    /// A variable is unknown: this is another major version.
    #[error("set a variable of Tesseract")]
    Variable(#[from] leptess::tesseract::TessSetVariableError),
    /// Tesseract rejected the pixels.
    #[error("hand pixels to Tesseract")]
    Pixels(#[from] leptess::leptonica::PixError),
    /// Tesseract's output is not valid UTF-8.
    #[error("read Tesseract's output")]
    Answer(#[from] std::str::Utf8Error),
}

/// Languages used for recognition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Every word in both languages; the result with the higher confidence wins.
    Both,
    /// English, for all text in Latin letters. Takes half the time.
    English,
    /// Russian. Takes half the time.
    Russian,
}

/// Page segmentation mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One column of text of varying sizes (page segmentation mode 4).
    Column,
    /// One even block of text (6).
    Block,
    /// Text anywhere (11).
    Sparse,
}

/// A recognised word, in pixels of the image given to the engine.
#[derive(Clone, Debug, PartialEq)]
pub struct RecognizedWord {
    /// The text, never empty.
    pub text: String,
    /// Confidence from 0 to 1.
    pub confidence: f32,
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
    /// Number of the line that contains the word.
    pub line: u32,
}

impl Engine {
    /// Starts Tesseract with the Russian and English models in `tessdata`, or in its default folder.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn new(tessdata: Option<&Path>) -> Result<Self, EngineError> {
        let folder = tessdata.map(|folder| folder.to_str().ok_or(EngineError::UnreadableFolder)).transpose()?;
        let start = |languages: &str| -> Result<LepTess, EngineError> {
            let mut tesseract = LepTess::new(folder, languages)?;
            // White text on black is rare on cheques, and trying it takes a third of the time.
            tesseract.set_variable(Variable::TesseditDoInvert, "0")?;
            Ok(tesseract)
        };
        Ok(Self { both: start("rus+eng")?, english: start("eng")?, russian: start("rus")? })
    }

    /// Recognises the words of a page.
    ///
    /// # Errors
    /// [`EngineError`] if Tesseract fails for a reason other than the picture.
    pub fn recognize(
        &mut self,
        page: &GrayImage,
        mode: Mode,
        language: Language,
    ) -> Result<Vec<RecognizedWord>, EngineError> {
        let tesseract = self.prepared(page, mode, language)?;
        recognized(tesseract, &mut 0)
    }

    /// The same strip by strip from the top, as long as `goes_on`. Tesseract can't be interrupted, and a page full of
    /// letters takes a minute.
    ///
    /// # Errors
    /// As [`Engine::recognize`].
    pub fn recognize_strips(
        &mut self,
        page: &GrayImage,
        mode: Mode,
        language: Language,
        goes_on: impl Fn() -> bool,
    ) -> Result<Vec<RecognizedWord>, EngineError> {
        let tesseract = self.prepared(page, mode, language)?;
        let (mut words, mut lines) = (vec![], 0);
        for Strip { top, height } in strips(page) {
            if !goes_on() {
                break;
            }
            let [top, width, height] = [top, page.width(), height].map(|pixels| i32::try_from(pixels).unwrap_or(0));
            tesseract.set_rectangle(0, top, width, height);
            words.extend(recognized(tesseract, &mut lines)?);
        }
        Ok(words)
    }

    /// Tesseract for this language, with the page.
    fn prepared(&mut self, page: &GrayImage, mode: Mode, language: Language) -> Result<&mut LepTess, EngineError> {
        let mode = match mode {
            Mode::Column => "4",
            Mode::Block => "6",
            Mode::Sparse => "11",
        };
        let tesseract = match language {
            Language::Both => &mut self.both,
            Language::English => &mut self.english,
            Language::Russian => &mut self.russian,
        };
        tesseract.set_variable(Variable::TesseditPagesegMode, mode)?;
        tesseract.set_image_from_mem(&portable(page))?;
        tesseract.set_source_resolution(RESOLUTION);
        Ok(tesseract)
    }
}

/// The words of the page or its rectangle. `lines` counts the lines of all calls.
fn recognized(tesseract: &mut LepTess, lines: &mut u32) -> Result<Vec<RecognizedWord>, EngineError> {
    if tesseract.recognize() != 0 {
        return Ok(vec![]);
    }
    Ok(words(&tesseract.get_tsv_text(0)?, lines))
}

/// Some rows of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Strip {
    top: u32,
    height: u32,
}

/// Cuts a page between its lines, as far as there is a lighter row near.
fn strips(page: &GrayImage) -> Vec<Strip> {
    /// A handful of lines of the size that the engine gets.
    const HEIGHT: u32 = 256;
    let brightness: Vec<u64> = page.rows().map(|row| row.map(|pixel| u64::from(pixel.0[0])).sum()).collect();
    let (mut strips, mut top) = (vec![], 0);
    while page.height() - top > HEIGHT {
        let near = top + HEIGHT * 2 / 3..top + HEIGHT;
        let cut = near.max_by_key(|row| brightness.get(*row as usize)).unwrap_or(top + HEIGHT);
        strips.push(Strip { top, height: cut - top });
        top = cut;
    }
    strips.push(Strip { top, height: page.height() - top });
    strips
}

/// The page as an uncompressed file, which needs no decoder: a portable graymap.
fn portable(page: &GrayImage) -> Vec<u8> {
    let mut file = format!("P5\n{} {}\n255\n", page.width(), page.height()).into_bytes();
    file.extend_from_slice(page.as_raw());
    file
}

/// Parses Tesseract's TSV output: level, page, block, paragraph, line, word, left, top, width, height, confidence,
/// text.
fn words(table: &str, lines: &mut u32) -> Vec<RecognizedWord> {
    let mut words = vec![];
    for row in table.lines() {
        let Some((place, text)) = row.rsplit_once('\t') else { continue };
        let columns: Vec<&str> = place.split('\t').collect();
        let [level, _, _, _, _, _, left, top, width, height, confidence] = columns[..] else { continue };
        if level == "4" {
            *lines += 1;
        }
        let text = text.trim();
        if level != "5" || text.is_empty() {
            continue;
        }
        let number = |column: &str| column.parse::<f32>().unwrap_or(0.0);
        let (left, top) = (number(left), number(top));
        words.push(RecognizedWord {
            text: text.to_owned(),
            confidence: (number(confidence) / 100.0).clamp(0.0, 1.0),
            left,
            top,
            right: left + number(width),
            bottom: top + number(height),
            line: *lines,
        });
    }
    words
}
