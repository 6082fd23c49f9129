//! What the rows of a page have in common, and the sums that one row may have.

use super::cells::{Line, Style};
use super::columns::{Columns, Kind};
use super::edge::SumsEdge;

/// What all rows of a cheque have in common.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) style: Style,
    pub(crate) columns: Columns,
    /// Right edge of the sums, if enough of them are aligned.
    pub(crate) sums: Option<SumsEdge>,
}

impl Page {
    /// Right end of the sums at a row.
    pub(crate) fn sums_right(&self, line: &Line) -> Option<f32> {
        self.sums.map(|edge| edge.at(line.place.middle().1))
    }

    /// The kind of the column of a cell.
    pub(crate) fn over(&self, line: &Line, at: usize) -> Option<Kind> {
        let cell = &line.cells[at];
        self.columns.over(cell.left, cell.right, line.letter)
    }
}

/// The origin of a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Recognised directly.
    Read,
    /// A letter was interpreted as a digit, or the decimal mark was not recognised.
    Guessed,
    /// Quantity times price; the sum itself was recognised differently or not at all.
    Computed,
}

/// A possible sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Choice {
    /// In hundredths.
    pub(crate) minor: i64,
    /// Likelihood relative to the other choices.
    pub(crate) weight: f32,
    pub(crate) origin: Origin,
}
