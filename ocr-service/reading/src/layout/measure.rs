//! Measurements of words: centres, medians, letter sizes.

use crate::word::{Place, Word};

/// Converts a count to `f32`; saturates at 65535.
pub(crate) fn count(n: usize) -> f32 {
    f32::from(u16::try_from(n).unwrap_or(u16::MAX))
}

/// The median; 0 for no values. Values that are not finite are ignored.
pub(crate) fn median(values: impl IntoIterator<Item = f32>) -> f32 {
    let mut sorted: Vec<f32> = values.into_iter().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

impl Place {
    pub(crate) fn width(&self) -> f32 {
        self.right - self.left
    }

    pub(crate) fn height(&self) -> f32 {
        self.bottom - self.top
    }

    pub(crate) fn middle(&self) -> (f32, f32) {
        (f32::midpoint(self.left, self.right), f32::midpoint(self.top, self.bottom))
    }

    /// The smallest rectangle that contains both.
    pub(crate) fn around(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The shared part of the width, relative to the narrower one.
    pub(crate) fn shared_width(&self, other: &Self) -> f32 {
        let shared = self.right.min(other.right) - self.left.max(other.left);
        (shared / self.width().min(other.width()).max(1.0)).clamp(0.0, 1.0)
    }
}

/// The bounding rectangle of all places.
pub(crate) fn around<'a>(places: impl IntoIterator<Item = &'a Place>) -> Option<Place> {
    places.into_iter().copied().reduce(|sum, place| sum.around(&place))
}

/// The median width of a letter of these words, in pixels.
pub(crate) fn letter_width<'a>(words: impl IntoIterator<Item = &'a Word>) -> f32 {
    let widths = words.into_iter().map(|word| (word.place.width() / count(word.text.chars().count()).max(1.0), word));
    let (long, short): (Vec<_>, Vec<_>) = widths.partition(|(_, word)| word.text.chars().count() > 2);
    let chosen = if long.is_empty() { short } else { long };
    median(chosen.into_iter().map(|(width, _)| width)).max(1.0)
}

/// Whether the word contains a letter or digit; the height of other words says nothing about the row.
pub(crate) fn is_tall(word: &Word) -> bool {
    word.text.chars().any(char::is_alphanumeric)
}
