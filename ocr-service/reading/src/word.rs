//! The result of one pass of the engine: words with their positions.

/// A rectangle in pixels of the levelled page: the upright photo after tilt correction, at the photo's scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
}

/// A recognised word.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The text, never empty.
    pub text: String,
    /// Confidence from 0 to 1.
    pub confidence: f32,
    /// Position on the levelled page.
    pub place: Place,
    /// The engine's line number: words on one line of one pass share it.
    pub line: u32,
}

/// One pass over the page: one image variant, read in one mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// Name of the variant and mode: `plain/4`, `flattened/6`.
    pub name: &'static str,
    /// The words, in the engine's order.
    pub words: Vec<Word>,
}
