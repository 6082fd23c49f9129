//! Interprets words as a cheque: each pass alone, and all passes fused; the arithmetic decides.

mod fold;

mod amount;
mod lexer;

mod cells;
mod fuse;
mod style;

mod classes;
mod columns;
mod edge;
mod phrases;

mod entry;
mod page;
mod product;
mod reductions;
mod shape;
mod sheet;

mod candidates;
mod figures;
mod group;

mod alphabet;
mod balance;
mod draft;
mod finish;
mod parsed;
mod totals;
mod two_bills;

mod date;
mod merchant;
mod name_words;
mod purchased_on;
mod row_name;
mod title;

#[cfg(test)]
mod drawn;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod kinds;
#[cfg(test)]
mod russian_forms;
#[cfg(test)]
mod soundness;

use crate::layout::rows::{Row, rows};
use crate::layout::strips::strips;
use crate::word::Pass;
use cells::Line;
use contracts::cheque::{Cheque, ChequeStatus, ChequeWarning, PossibleTotal};
use draft::{Draft, draft};

pub use parsed::Parsed;
pub use title::title;

/// Interprets the words of one or more passes over the same page.
pub fn cheque(passes: &[Pass]) -> Parsed {
    let Some(cut) = two_bills::side_by_side(passes) else { return bill(passes) };
    let [left, right] = [true, false].map(|left| bill(&two_bills::side(passes, cut, left)));
    let (mut larger, other) =
        if left.cheque.products.len() >= right.cheque.products.len() { (left, right) } else { (right, left) };
    let total = |parsed: &Parsed| {
        parsed.cheque.total_account.map(|amount| PossibleTotal {
            amount,
            label: String::new(),
            bounds: None,
            confidence: 0.5,
        })
    };
    larger.cheque.totals = total(&larger).into_iter().chain(total(&other)).collect();
    larger.total_places = vec![None; larger.cheque.totals.len()];
    if larger.cheque.total_account.is_none() {
        larger.cheque.total_account = larger.cheque.totals.first().map(|total| total.amount);
        larger.cheque.recompute_status();
    }
    doubted(larger)
}

/// Two bills are in the picture: nothing of it is certain.
fn doubted(mut parsed: Parsed) -> Parsed {
    parsed.cheque.warnings.push(ChequeWarning::TwoBills);
    if parsed.cheque.status == ChequeStatus::Balanced {
        parsed.cheque.status = ChequeStatus::NeedsReview;
    }
    parsed.cheque.confidence = parsed.cheque.confidence.min(0.5);
    Parsed { sure: false, ..parsed }
}

fn bill(passes: &[Pass]) -> Parsed {
    let pages: Vec<Vec<Row>> = passes.iter().map(|pass| rows(&pass.words)).collect();
    let style = style::style(pages.iter().flatten());
    let strips = strips(&pages);
    let fused =
        strips.iter().filter_map(|strip| Line::of_strip(strip, style)).filter(|line| !is_noise(line, pages.len()));
    let fused: Vec<Line> = fused.collect();
    if fused.is_empty() {
        return nothing();
    }
    let mut drafts = vec![draft(fused, style)];
    if pages.len() > 1 {
        for page in pages.iter().filter(|page| !page.is_empty()) {
            drafts.push(draft(page.iter().map(|row| Line::of_row(row, style)).collect(), style));
        }
    }
    let total = |draft: &Draft| draft.total.as_ref().map(|total| total.minor);
    // The fused passes contain more information; a single pass is better only if it adds up and the fused ones do not.
    let mut best = 0;
    for at in 1..drafts.len() {
        let agrees = total(&drafts[at]) == total(&drafts[0]) || words(&drafts[0]) + 1.0 < words(&drafts[at]);
        if agrees && drafts[at].proven && drafts[at].score > drafts[best].score + 4.0 {
            best = at;
        }
    }
    let contradicts = |draft: &Draft| {
        let other = total(draft).is_some() && total(draft) != total(&drafts[best]);
        other && (draft.proven || words(draft) > words(&drafts[best]) + 0.5)
    };
    let contradicted = drafts.iter().any(contradicts);
    let others: Vec<&Draft> = (0..drafts.len()).filter(|at| *at != best).map(|at| &drafts[at]).collect();
    let parsed = finish::finish(&drafts[best], &others, !contradicted);
    if two_bills::one_below_the_other(&drafts[best]) { doubted(parsed) } else { parsed }
}

/// Strength of the evidence for a draft's total.
fn words(draft: &Draft) -> f32 {
    draft.total.as_ref().map_or(0.0, |total| total.score)
}

/// A row that only some of the passes recognised, with low confidence: texture, or fragments of several rows.
fn is_noise(line: &Line, passes: usize) -> bool {
    let needed = match line.passes {
        1 => 0.65,
        2 => 0.45,
        _ => 0.2,
    };
    line.confidence < if passes >= 3 { needed } else { 0.2 }
}

fn nothing() -> Parsed {
    let mut cheque = Cheque {
        merchant: None,
        purchased_on: None,
        total_account: None,
        totals: vec![],
        products: vec![],
        currency: None,
        service: None,
        discount: None,
        tax: None,
        tip: None,
        rounding: None,
        status: ChequeStatus::Failed,
        difference: None,
        confidence: 0.0,
        warnings: vec![ChequeWarning::NoText],
        photo: None,
        photos: vec![],
    };
    cheque.recompute_status();
    Parsed { cheque, places: vec![], total_places: vec![], sure: false }
}
