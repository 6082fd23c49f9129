//! Measures of words: middles, medians, sizes of letters.

use crate::word::{Place, Word};

/// A count as a number to reckon with; beyond 65535 it stays there.
pub(crate) fn count(n: usize) -> f32 {
    f32::from(u16::try_from(n).unwrap_or(u16::MAX))
}

/// The middle of the sorted values; 0 of none. What is not a number is left out.
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

    /// The smallest place that holds both.
    pub(crate) fn around(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// Which part of the narrower one's width both share.
    pub(crate) fn shared_width(&self, other: &Self) -> f32 {
        let shared = self.right.min(other.right) - self.left.max(other.left);
        (shared / self.width().min(other.width()).max(1.0)).clamp(0.0, 1.0)
    }
}

/// The place around all of them.
pub(crate) fn around<'a>(places: impl IntoIterator<Item = &'a Place>) -> Option<Place> {
    places.into_iter().copied().reduce(|sum, place| sum.around(&place))
}

/// The width of a letter among these words, in pixels.
pub(crate) fn letter_width<'a>(words: impl IntoIterator<Item = &'a Word>) -> f32 {
    let widths = words.into_iter().map(|word| (word.place.width() / count(word.text.chars().count()).max(1.0), word));
    let (long, short): (Vec<_>, Vec<_>) = widths.partition(|(_, word)| word.text.chars().count() > 2);
    let chosen = if long.is_empty() { short } else { long };
    median(chosen.into_iter().map(|(width, _)| width)).max(1.0)
}

/// Whether a word has a letter or digit: the height of others says nothing about the row.
pub(crate) fn is_tall(word: &Word) -> bool {
    word.text.chars().any(char::is_alphanumeric)
}
