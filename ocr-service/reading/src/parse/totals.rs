//! What the total may be, for the owner to choose from.

use super::draft::Draft;
use super::shape::tidy;
use crate::word::Place;
use contracts::cheque::{PossibleTotal, TOTALS_MAX};

const LABEL_LETTERS_MAX: usize = 60;
/// Evidence with which a total is as good as certain.
const SCORE_SURE: f32 = 4.0;
/// An unproven total is never more certain than this.
const CONFIDENCE_MAX: f32 = 0.9;

/// The possible totals of the drafts, the best first, and their places on the page. The first draft is the chosen one,
/// and its total the first one.
pub(super) fn totals<'a>(drafts: impl Iterator<Item = &'a Draft>) -> (Vec<PossibleTotal>, Vec<Option<Place>>) {
    let (mut totals, mut places) = (vec![], vec![]);
    for draft in drafts {
        let all: f32 = draft.candidates.iter().map(|candidate| candidate.score.max(0.1)).sum();
        for candidate in draft.total.iter().chain(&draft.candidates) {
            let amount = draft.sheet.page.style.money(candidate.minor);
            let known = totals.iter().any(|known: &PossibleTotal| known.amount == amount);
            if known || totals.len() >= TOTALS_MAX {
                continue;
            }
            let entry = draft.sheet.entries.get(candidate.row);
            let label = entry.filter(|_| !candidate.derived).map(|entry| {
                let words = entry.line.cells.iter().filter(|cell| cell.readings.is_empty());
                words.map(|cell| cell.text.trim()).collect::<Vec<_>>().join(" ")
            });
            let label: String = tidy(&label.unwrap_or_default()).chars().take(LABEL_LETTERS_MAX).collect();
            let share = candidate.score.max(0.1) / all.max(0.1);
            let confidence = hundredths(CONFIDENCE_MAX * share.sqrt() * (candidate.score / SCORE_SURE).clamp(0.1, 1.0));
            totals.push(PossibleTotal { amount, label, bounds: None, confidence });
            places.push(entry.map(|entry| entry.line.place));
        }
    }
    (totals, places)
}

/// A confidence from 0 to 1 with two decimals.
pub(super) fn hundredths(value: f32) -> f64 {
    (f64::from(value.clamp(0.0, 1.0)) * 100.0).round() / 100.0
}
