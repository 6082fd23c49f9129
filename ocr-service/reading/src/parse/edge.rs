//! The right edge at which the sums of a slip are aligned. It may be tilted if the photo was taken from the side.

use super::cells::{Line, Style};
use super::lexer::What;

/// The edge: its position at one height, and its tilt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SumsEdge {
    right: f32,
    y: f32,
    /// Tilt in pixels to the right per pixel down.
    lean: f32,
}

/// A larger tilt is a recognition error.
const LEAN_MAX: f32 = 0.15;
/// Number of rows that are considered.
const ROWS_MAX: usize = 80;

/// Right end of a number, with its letter width.
struct End {
    right: f32,
    y: f32,
    letter: f32,
}

impl SumsEdge {
    /// The edge shared by most of the last numbers, from row `from` on; at least two.
    pub(crate) fn of(lines: &[Line], style: Style, from: usize) -> Option<Self> {
        let ends: Vec<End> = lines.iter().skip(from).filter_map(|line| end(line, style)).take(ROWS_MAX).collect();
        let supporters =
            |edge: &Self| ends.iter().filter(|end| (end.right - edge.at(end.y)).abs() < 1.5 * end.letter).count();
        let mut best: Option<(usize, Self)> = None;
        let mut offer = |edge: Self| {
            let count = supporters(&edge);
            // A vertical edge is more likely than a tilted one.
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

    /// The position of the edge at a height.
    pub(crate) fn at(&self, y: f32) -> f32 {
        self.right + self.lean * (y - self.y)
    }
}

/// The last number of a row, if it is formatted like a sum and is not a factor.
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
