//! The right edge below which the sums of a slip stand; it may lean, on a photo taken from aside.

use super::cells::{Line, Style};
use super::lexer::What;

/// The edge: where it is at one height, and how far it leans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SumsEdge {
    right: f32,
    y: f32,
    /// Pixels to the right per pixel down.
    lean: f32,
}

/// More lean is a misreading.
const LEAN_MAX: f32 = 0.15;
/// So many rows are enough to tell.
const ROWS_MAX: usize = 80;

/// Where a number ends, and how wide its letters are.
struct End {
    right: f32,
    y: f32,
    letter: f32,
}

impl SumsEdge {
    /// The edge that most of the last numbers from this row on share; at least two.
    pub(crate) fn of(lines: &[Line], style: Style, from: usize) -> Option<Self> {
        let ends: Vec<End> = lines.iter().skip(from).filter_map(|line| end(line, style)).take(ROWS_MAX).collect();
        let supporters =
            |edge: &Self| ends.iter().filter(|end| (end.right - edge.at(end.y)).abs() < 1.5 * end.letter).count();
        let mut best: Option<(usize, Self)> = None;
        let mut offer = |edge: Self| {
            let count = supporters(&edge);
            // An upright edge is likelier than a leaning one.
            let needed = best.as_ref().map_or(2, |(known, _)| known + if edge.lean == 0.0 { 1 } else { 2 });
            if count >= needed {
                best = Some((count, edge));
            }
        };
        for end in &ends {
            offer(Self { right: end.right, y: end.y, lean: 0.0 });
        }
        for (at, upper) in ends.iter().enumerate() {
            for lower in ends.iter().skip(at + 4) {
                let lean = (lower.right - upper.right) / (lower.y - upper.y).max(1.0);
                if lean != 0.0 && lean.abs() < LEAN_MAX {
                    offer(Self { right: upper.right, y: upper.y, lean });
                }
            }
        }
        best.map(|(_, edge)| edge)
    }

    /// Where the edge is at a height.
    pub(crate) fn at(&self, y: f32) -> f32 {
        self.right + self.lean * (y - self.y)
    }
}

/// The last number of a row that is printed as sums are, and no factor.
fn end(line: &Line, style: Style) -> Option<End> {
    let decimals = if style.decimals { 2 } else { 0 };
    let printed = |at: &usize| line.cells[*at].number().is_some_and(|number| number.decimals == decimals);
    let mut ends = line.cells.len().saturating_sub(3)..line.cells.len();
    let at = ends.rfind(printed).filter(|at| !follows_times(line, *at))?;
    Some(End { right: line.cells[at].right, y: line.place.middle().1, letter: line.letter })
}

/// Whether the number is a factor.
fn follows_times(line: &Line, at: usize) -> bool {
    let before = (0..at).rev().find(|before| line.cells[*before].what != What::Currency);
    before.is_some_and(|before| line.cells[before].what == What::Times)
}
