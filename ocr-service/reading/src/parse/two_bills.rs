//! Two bills on one photo, side by side or one below the other: their amounts must not be mixed.

use super::candidates::Candidate;
use super::cells::{Line, Style};
use super::classes::Class;
use super::draft::{Draft, draft};
use super::fold::has_word;
use super::style::style;
use crate::layout::measure::letter_width;
use crate::layout::rows::rows;
use crate::word::{Pass, Word};

/// Number of places at which a page is cut for a try.
const CUTS_MAX: usize = 4;

/// Where a page is cut between two bills: at this position from the left. One pass that sees both is enough, since
/// amounts of two bills must never be called balanced.
pub(super) fn side_by_side(passes: &[Pass]) -> Option<f32> {
    let style = style(passes.iter().flat_map(|pass| rows(&pass.words)).collect::<Vec<_>>().iter());
    passes.iter().find_map(|pass| {
        gaps(&pass.words).into_iter().find(|cut| {
            let (left, right): (Vec<Word>, Vec<Word>) =
                pass.words.iter().cloned().partition(|word| word.place.middle().0 < *cut);
            Side::of(&left, style).is_bill_beside(&Side::of(&right, style))
        })
    })
}

/// The words on one side of a cut.
pub(super) fn side(passes: &[Pass], cut: f32, left: bool) -> Vec<Pass> {
    let here = |word: &&Word| (word.place.middle().0 < cut) == left;
    passes
        .iter()
        .map(|pass| Pass { name: pass.name, words: pass.words.iter().filter(here).cloned().collect() })
        .collect()
}

/// What one side of a cut has of a bill.
struct Side {
    /// Lines with a name and a sum. Half of one bill has names without amounts, or amounts without names.
    lines: usize,
    /// A word for a total, with its amount.
    total: bool,
}

impl Side {
    fn of(words: &[Word], style: Style) -> Self {
        let rows = rows(words);
        let draft = draft(rows.iter().map(|row| Line::of_row(row, style)).collect(), style);
        let lines = draft.items.iter().filter(|item| has_word(&item.name) && !item.totals.is_empty()).count();
        let is_total = |candidate: &Candidate| {
            let entry = draft.sheet.entries.get(candidate.row);
            !candidate.derived && entry.is_some_and(|entry| matches!(entry.class, Class::Total(80..)))
        };
        Self { lines, total: draft.total.as_ref().is_some_and(is_total) }
    }

    /// The word for one of the totals may be misread.
    const fn is_bill_beside(&self, other: &Self) -> bool {
        let whole = self.lines > 0 && other.lines > 0 && self.total && other.total;
        whole || (self.lines > 1 && other.lines > 1 && (self.total || other.total))
    }
}

/// The middles of the widest gaps between the words, from the left to the right side of the page.
fn gaps(words: &[Word]) -> Vec<f32> {
    let finite = |word: &&Word| word.place.left.is_finite() && word.place.right.is_finite();
    let mut spans: Vec<(f32, f32)> =
        words.iter().filter(finite).map(|word| (word.place.left, word.place.right)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let letter = letter_width(words);
    let mut gaps: Vec<(f32, f32)> = vec![];
    let mut end = f32::INFINITY;
    for (left, right) in spans {
        if left - end > 1.5 * letter {
            gaps.push((left - end, f32::midpoint(left, end)));
        }
        end = if end.is_infinite() { right } else { end.max(right) };
    }
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    gaps.into_iter().take(CUTS_MAX).map(|(_, middle)| middle).collect()
}

/// Whether another bill follows below the first: both add up, each to a total of its own.
pub(super) fn one_below_the_other(whole: &Draft) -> bool {
    let entries = &whole.sheet.entries;
    let totals: Vec<(usize, i64)> = entries
        .iter()
        .enumerate()
        .filter(|(_, entry)| matches!(entry.class, Class::Total(80..)))
        .filter_map(|(row, entry)| Some((row, entry.amounts.first()?.minor)))
        .collect();
    totals.windows(2).take(3).any(|pair| {
        let [(row, first), (_, second)] = pair else { return false };
        let guests = entries.iter().any(|entry| matches!(entry.class, Class::Guest | Class::GuestTotal));
        let joined = totals.iter().any(|(_, total)| *total == first + second);
        let lines: Vec<Line> = entries.iter().map(|entry| entry.line.clone()).collect();
        let adds_up = |lines: &[Line]| {
            let part = draft(lines.to_vec(), whole.sheet.page.style);
            let sums = part.balance.filter(|balance| balance.repaired.is_empty() && balance.changed.is_empty());
            sums.filter(|balance| balance.sums.iter().any(|sum| *sum != 0)).and(part.total).map(|total| total.minor)
        };
        let apart = first != second && !guests && !joined;
        apart && adds_up(&lines[..=*row]) == Some(*first) && adds_up(&lines[row + 1..]) == Some(*second)
    })
}
