//! A cheque on several photos: what a further photo adds to what is known.

use crate::cheque::{Cheque, ChequeStatus, ChequeWarning, PagePhoto, PhotoSize, PossibleTotal, Product, TOTALS_MAX};
use crate::money::BillMoney;

/// How similar the names of two readings of the same line are at least, from 0 to 1.
const SIMILAR_NAMES: f64 = 0.7;

impl Cheque {
    /// The photos, in the order of the bill.
    pub fn pages(&self) -> Vec<PagePhoto> {
        let first = || self.photo.map(|PhotoSize { width, height }| PagePhoto { page: 1, width, height });
        if self.photos.is_empty() { first().into_iter().collect() } else { self.photos.clone() }
    }

    /// The same cheque with the numbers of its photos beginning at `first`.
    #[must_use]
    pub fn numbered_from(mut self, first: u32) -> Self {
        let renumbered = |page: u32| page.saturating_add(first.saturating_sub(1));
        let pages = self.pages().into_iter().map(|photo| PagePhoto { page: renumbered(photo.page), ..photo });
        self.photos = pages.collect();
        let lines = self.products.iter_mut().filter_map(|line| line.bounds.as_mut());
        for bounds in lines.chain(self.totals.iter_mut().filter_map(|total| total.bounds.as_mut())) {
            bounds.page = Some(renumbered(bounds.page.unwrap_or(1)));
        }
        self.with_plain_first_photo()
    }

    /// The cheque continued by what was read on its next page. What is known stays: the page adds its lines, and fills
    /// what is missing.
    ///
    /// With `overlapping` photos, lines that repeat the end of the first part come once. A total that does not balance
    /// the lines is replaced by one that does.
    #[must_use]
    pub fn continued(&self, next: &Self, overlapping: bool) -> Self {
        let repeats = if overlapping { repeats(&self.products, &next.products) } else { vec![0] };
        let totals = self.totals(next);
        let attempts =
            repeats.iter().flat_map(|skipped| totals.iter().map(|total| self.joined(next, *skipped, *total)));
        let attempts: Vec<Self> = attempts.collect();
        // The longest repetition is first, and the total that is known.
        let balanced = attempts.iter().position(|attempt| attempt.status == ChequeStatus::Balanced);
        attempts.into_iter().nth(balanced.unwrap_or_default()).unwrap_or_else(|| self.clone())
    }

    /// The totals that may be meant, the known one first.
    fn totals(&self, next: &Self) -> Vec<Option<BillMoney>> {
        match (self.total_account, next.total_account) {
            (None, total) => vec![total],
            // Lines and a total that do not fit: the first photo has shown another number, such as a subtotal.
            (Some(known), Some(other)) if self.status != ChequeStatus::Balanced && !self.products.is_empty() => {
                vec![Some(known), Some(other)]
            }
            (known, _) => vec![known],
        }
    }

    fn joined(&self, next: &Self, skipped: usize, total: Option<BillMoney>) -> Self {
        let mut joined = self.clone();
        let last_id = self.products.iter().map(|line| line.id).max().unwrap_or(0);
        let added = next.products.iter().skip(skipped).cloned();
        joined.products.extend((last_id + 1..).zip(added).map(|(id, line)| Product { id, ..line }));
        joined.total_account = total;
        joined.totals = joined_totals(self, next, total);
        joined.merchant = self.merchant.clone().or_else(|| next.merchant.clone());
        joined.purchased_on = self.purchased_on.or(next.purchased_on);
        joined.currency = self.currency.clone().or_else(|| next.currency.clone());
        joined.service = self.service.or(next.service);
        joined.discount = self.discount.or(next.discount);
        joined.tax = self.tax.or(next.tax);
        joined.tip = self.tip.or(next.tip);
        joined.rounding = self.rounding.or(next.rounding);
        joined.confidence = self.confidence.min(next.confidence);
        joined.photos = [self.pages(), next.pages()].concat();
        // Text that is on one of the photos is on the bill.
        joined.warnings.retain(|warning| *warning != ChequeWarning::NoText || next.warnings.contains(warning));
        for warning in [ChequeWarning::PoorPhoto, ChequeWarning::TwoBills, ChequeWarning::TooManyLines] {
            if next.warnings.contains(&warning) && !joined.warnings.contains(&warning) {
                joined.warnings.push(warning);
            }
        }
        joined.recompute_status();
        if joined.products.len() == self.products.len() && joined.amounts() == self.amounts() {
            // The page says nothing about them, so doubts about what was read remain.
            joined.status = self.status;
        }
        joined.with_plain_first_photo()
    }

    /// The amounts beside the lines.
    fn amounts(&self) -> [Option<BillMoney>; 6] {
        [self.total_account, self.service, self.discount, self.tax, self.tip, self.rounding]
    }

    /// With `photo` for readers that know only the first, and without `photos` if that is all there is.
    fn with_plain_first_photo(mut self) -> Self {
        let first = self.photos.iter().find(|photo| photo.page == 1);
        self.photo = first.map(|photo| PhotoSize { width: photo.width, height: photo.height });
        if self.photos.len() == 1 && self.photo.is_some() {
            self.photos.clear();
        }
        self
    }
}

/// What the total may be according to both parts: first the chosen one, if a part has it.
fn joined_totals(first: &Cheque, next: &Cheque, chosen: Option<BillMoney>) -> Vec<PossibleTotal> {
    let mut totals: Vec<PossibleTotal> = vec![];
    for total in first.totals.iter().chain(&next.totals) {
        if totals.iter().all(|known| known.amount != total.amount) {
            totals.push(total.clone());
        }
    }
    totals.sort_by_key(|total| Some(total.amount) != chosen);
    totals.truncate(TOTALS_MAX);
    totals
}

/// The numbers of lines at the start of `next` that may be on the first part too, the largest first. At an edge, a line
/// may be cut: one line before those that repeat is skipped with them.
fn repeats(first: &[Product], next: &[Product]) -> Vec<usize> {
    let most = first.len().min(next.len());
    let matches = |cut: usize, count: usize| {
        let end = &first[first.len() - count..];
        next.get(cut..cut + count).is_some_and(|start| end.iter().zip(start).all(|(one, other)| is_same(one, other)))
    };
    let whole = (1..=most).filter(|count| matches(0, *count));
    // One line can be there twice by chance, so after a cut line two are needed.
    let cut = (2..=most).filter(|count| matches(1, *count)).map(|count| count + 1);
    let mut found: Vec<usize> = whole.chain(cut).chain([0]).collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    found
}

/// Whether two readings are of the same line: the same amount, and about the same name.
fn is_same(one: &Product, other: &Product) -> bool {
    one.total == other.total && strsim::normalized_levenshtein(&letters(one), &letters(other)) >= SIMILAR_NAMES
}

fn letters(line: &Product) -> String {
    line.name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
