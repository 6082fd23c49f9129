//! What one look of the engine at a picture gives: words with their places.

/// A rectangle in pixels of the levelled page: the upright photo after its tilt was taken out, at the photo's scale.
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

/// A word as the engine read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// Its text, never empty.
    pub text: String,
    /// How sure the engine is, from 0 to 1.
    pub confidence: f32,
    /// Where it stands on the levelled page.
    pub place: Place,
    /// The engine's own line: words of one line of one pass share the number.
    pub line: u32,
}

/// One look at the page: one variant of the picture, read in one mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// What was looked at, and how: `plain/4`, `flattened/6`.
    pub name: &'static str,
    /// The words, in the engine's order.
    pub words: Vec<Word>,
}
