//! Tesseract: pixels into words.

use image::GrayImage;
use leptess::{LepTess, Variable};
use std::path::Path;

/// What the pixels are said to be, in dots per inch: letters of 30 pixels are of 10 points then.
const RESOLUTION: i32 = 300;

/// A handle of Tesseract with its models loaded. It opens no file once it is made, so that a process may lock itself
/// down after that; it takes as many threads as `OMP_THREAD_LIMIT` says when the process starts.
pub struct Engine {
    both: LepTess,
    english: LepTess,
    russian: LepTess,
}

/// Tesseract can't be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The folder of the models has a name that is no text.
    #[error("the folder of the models of Tesseract has an unreadable name")]
    UnreadableFolder,
    /// It did not start: most often a model is missing.
    #[error("start Tesseract with its models of Russian and English")]
    Start(#[from] leptess::tesseract::TessInitError),
    /// It does not know a variable: another major version.
    #[error("set a variable of Tesseract")]
    Variable(#[from] leptess::tesseract::TessSetVariableError),
    /// It does not take the pixels.
    #[error("hand pixels to Tesseract")]
    Pixels(#[from] leptess::leptonica::PixError),
    /// It answered with no text.
    #[error("hear Tesseract")]
    Answer(#[from] std::str::Utf8Error),
}

/// In which languages the engine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Every word in both, the surer one wins.
    Both,
    /// English: everything in Latin letters. Half the time.
    English,
    /// Russian. Half the time.
    Russian,
}

/// How the engine looks at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One column of text of varying sizes (page segmentation mode 4).
    Column,
    /// One even block of text (6).
    Block,
    /// Text anywhere (11).
    Sparse,
}

/// A word in pixels of what the engine was shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its text, never empty.
    pub text: String,
    /// From 0 to 1.
    pub confidence: f32,
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
    /// Counts the lines.
    pub line: u32,
}

impl Engine {
    /// Starts Tesseract with the Russian and English models of `tessdata`, or of its own folder.
    ///
    /// # Errors
    /// [`EngineError`].
    pub fn new(tessdata: Option<&Path>) -> Result<Self, EngineError> {
        let folder = tessdata.map(|folder| folder.to_str().ok_or(EngineError::UnreadableFolder)).transpose()?;
        let start = |languages: &str| -> Result<LepTess, EngineError> {
            let mut tesseract = LepTess::new(folder, languages)?;
            // White text on black is rare on cheques, and trying it costs a third of the time.
            tesseract.set_variable(Variable::TesseditDoInvert, "0")?;
            Ok(tesseract)
        };
        Ok(Self { both: start("rus+eng")?, english: start("eng")?, russian: start("rus")? })
    }

    /// Reads a page.
    ///
    /// # Errors
    /// [`EngineError`], when Tesseract fails in a way that is not up to the picture.
    pub fn look(&mut self, page: &GrayImage, mode: Mode, language: Language) -> Result<Vec<Seen>, EngineError> {
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
        if tesseract.recognize() != 0 {
            return Ok(vec![]);
        }
        Ok(words(&tesseract.get_tsv_text(0)?))
    }
}

/// The page as a file that needs no decoder: a portable grey map.
fn portable(page: &GrayImage) -> Vec<u8> {
    let mut file = format!("P5\n{} {}\n255\n", page.width(), page.height()).into_bytes();
    file.extend_from_slice(page.as_raw());
    file
}

/// The words in Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence,
/// text.
fn words(table: &str) -> Vec<Seen> {
    let mut lines = 0;
    let mut words = vec![];
    for row in table.lines() {
        let Some((place, text)) = row.rsplit_once('\t') else { continue };
        let columns: Vec<&str> = place.split('\t').collect();
        let [level, _, _, _, _, _, left, top, width, height, confidence] = columns[..] else { continue };
        if level == "4" {
            lines += 1;
        }
        let text = text.trim();
        if level != "5" || text.is_empty() {
            continue;
        }
        let number = |column: &str| column.parse::<f32>().unwrap_or(0.0);
        let (left, top) = (number(left), number(top));
        words.push(Seen {
            text: text.to_owned(),
            confidence: (number(confidence) / 100.0).clamp(0.0, 1.0),
            left,
            top,
            right: left + number(width),
            bottom: top + number(height),
            line: lines,
        });
    }
    words
}
