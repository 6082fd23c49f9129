//! Compares recognised receipts with the ground truth.

use std::collections::BTreeMap;

use crate::receipts::reading::{Cheque, Line, Reading};
use crate::receipts::similar::similarity;
use crate::receipts::truth::{Item, Receipt};

/// Minimum similarity of names that count as equal.
const SIMILAR: f64 = 0.5;

/// The scores of one kind of receipts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Score {
    pub(crate) pictures: usize,
    pub(crate) totals_right: usize,
    /// The true total is the answered one or among the alternatives.
    pub(crate) totals_proposed: usize,
    /// Recognised lines that are correct.
    pub(crate) lines_right: usize,
    /// Recognised lines that are incorrect.
    pub(crate) lines_extra: usize,
    /// Lines of the ground truth that were not recognised.
    pub(crate) lines_missed: usize,
    pub(crate) balanced: usize,
    /// Reported as balanced although the total or a line is incorrect.
    pub(crate) balanced_wrong: usize,
    pub(crate) refused: usize,
    pub(crate) without_result: usize,
    /// Duration for each picture in seconds, sorted.
    pub(crate) seconds: Vec<f64>,
    pub(crate) misses: Vec<Miss>,
}

/// A difference from the ground truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Miss {
    pub(crate) file: String,
    pub(crate) what: &'static str,
    pub(crate) expected: String,
    pub(crate) got: String,
}

/// The scores by kind, in alphabetical order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scores(pub(crate) BTreeMap<String, Score>);

impl Scores {
    /// Number of pictures without a result.
    pub(crate) fn without_result(&self) -> usize {
        self.0.values().map(|score| score.without_result).sum()
    }
}

impl Score {
    /// Share of correct lines among the recognised ones.
    pub(crate) fn precision(&self) -> Option<f64> {
        part(self.lines_right, self.lines_right + self.lines_extra)
    }

    /// Share of recognised lines among the true ones.
    pub(crate) fn recall(&self) -> Option<f64> {
        part(self.lines_right, self.lines_right + self.lines_missed)
    }

    /// The harmonic mean of precision and recall.
    pub(crate) fn f1(&self) -> Option<f64> {
        part(2 * self.lines_right, 2 * self.lines_right + self.lines_extra + self.lines_missed)
    }

    /// The given percentile of the durations (nearest rank).
    pub(crate) fn percentile(&self, hundredths: usize) -> Option<f64> {
        let rank = (self.seconds.len() * hundredths).div_ceil(100);
        self.seconds.get(rank.saturating_sub(1)).copied()
    }
}

fn part(some: usize, all: usize) -> Option<f64> {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    (all > 0).then(|| number(some) / number(all))
}

/// Compares the results with the ground truth.
pub(crate) fn score(receipts: &[Receipt], readings: &[Reading]) -> Scores {
    let mut scores = Scores::default();
    for receipt in receipts {
        let reading = readings.iter().find(|reading| reading.file == receipt.file);
        for (order, kind) in receipt.kinds().into_iter().enumerate() {
            let score = scores.0.entry(kind).or_default();
            score.pictures += 1;
            if let Some(reading) = reading {
                score.seconds.push(reading.seconds);
                compare(score, receipt, reading);
            } else {
                score.without_result += 1;
                score.miss(receipt, "answer", "one".to_owned(), "none".to_owned());
            }
            if order > 0 {
                // Listed with the first kind.
                score.misses.clear();
            }
        }
    }
    for score in scores.0.values_mut() {
        score.seconds.sort_by(f64::total_cmp);
    }
    scores
}

fn compare(score: &mut Score, receipt: &Receipt, reading: &Reading) {
    let nothing = Cheque::default();
    let cheque = match &reading.cheque {
        Ok(cheque) => cheque,
        Err(reason) => {
            score.refused += 1;
            score.miss(receipt, "picture", "read".to_owned(), format!("refused: {reason}"));
            &nothing
        }
    };
    // Two receipts have no total: right is not to call anything balanced.
    let total_right = receipt.total.map_or(!cheque.is_balanced(), |total| cheque.total == Some(total));
    score.totals_right += usize::from(total_right);
    score.totals_proposed +=
        usize::from(total_right || cheque.totals.iter().any(|total| Some(*total) == receipt.total));
    if !total_right {
        score.miss(receipt, "total", money(receipt.total), money(cheque.total));
    }
    if let Some(items) = &receipt.items {
        compare_lines(score, receipt, items, &cheque.lines);
    }
    if cheque.is_balanced() {
        score.balanced += 1;
        let lines_right = receipt.items.as_ref().is_none_or(|items| same_sums(items, &cheque.lines));
        score.balanced_wrong += usize::from(!(total_right && lines_right));
    }
}

/// Matches lines one to one, starting with the most similar names; their sums must be equal.
fn compare_lines(score: &mut Score, receipt: &Receipt, items: &[Item], lines: &[Line]) {
    let mut pairs: Vec<(f64, usize, usize)> = vec![];
    for (at, item) in items.iter().enumerate() {
        for (read, line) in lines.iter().enumerate() {
            // A line without a sum may be recognised with a sum of zero or without one.
            let sums = line.total == Some(item.total) || (item.optional && line.total.is_none());
            let similarity = similarity(&item.name, &line.name);
            if sums && similarity >= SIMILAR {
                pairs.push((similarity, at, read));
            }
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut found, mut used) = (vec![false; items.len()], vec![false; lines.len()]);
    for (_, at, read) in pairs {
        if !found[at] && !used[read] {
            (found[at], used[read]) = (true, true);
            score.lines_right += usize::from(!items[at].optional);
        }
    }
    for (item, _) in items.iter().zip(&found).filter(|(item, found)| !**found && !item.optional) {
        score.lines_missed += 1;
        score.miss(receipt, "line", format!("{} {}", item.name, money(Some(item.total))), String::new());
    }
    let may_be_free = items.iter().any(|item| item.optional);
    for (line, _) in lines.iter().zip(&used).filter(|(_, used)| !**used) {
        if may_be_free && line.total.unwrap_or(0) == 0 {
            continue;
        }
        score.lines_extra += 1;
        score.miss(receipt, "line", String::new(), format!("{} {}", line.name, money(line.total)));
    }
}

/// Whether the line sums are correct, in any order, ignoring zeros.
fn same_sums(items: &[Item], lines: &[Line]) -> bool {
    let sorted = |sums: &mut dyn Iterator<Item = i64>| {
        let mut sums: Vec<i64> = sums.filter(|sum| *sum != 0).collect();
        sums.sort_unstable();
        sums
    };
    sorted(&mut items.iter().map(|item| item.total)) == sorted(&mut lines.iter().map(|line| line.total.unwrap_or(0)))
}

impl Score {
    fn miss(&mut self, receipt: &Receipt, what: &'static str, expected: String, got: String) {
        self.misses.push(Miss { file: receipt.file.clone(), what, expected, got });
    }
}

fn money(minor: Option<i64>) -> String {
    let Some(minor) = minor else { return "nothing".to_owned() };
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, total: i64) -> Item {
        Item { name: name.to_owned(), total, optional: false }
    }

    fn line(name: &str, total: i64) -> Line {
        Line { name: name.to_owned(), total: Some(total) }
    }

    fn receipt(total: i64, items: Option<Vec<Item>>) -> Receipt {
        Receipt { file: "ru_1.jpg".to_owned(), total: Some(total), items, kinds: vec![] }
    }

    fn reading(total: Option<i64>, lines: Vec<Line>, status: &str) -> Reading {
        let cheque = Ok(Cheque { total, totals: vec![], lines, status: status.to_owned() });
        Reading { file: "ru_1.jpg".to_owned(), seconds: 1.0, cheque }
    }

    fn one(receipt: Receipt, reading: Reading) -> Score {
        score(&[receipt], &[reading]).0.remove("ru").unwrap()
    }

    #[test]
    fn lines_match_one_to_one_by_sum_and_similar_name() {
        let items = vec![item("Пиво светлое", 100), item("Пиво светлое", 100), item("Хлеб", 50)];
        let lines = vec![line("Пиво свет1ое", 100), line("Хлеб", 60), line("Квас", 50)];
        let score = one(receipt(250, Some(items)), reading(Some(250), lines, "needs_review"));
        assert_eq!((score.lines_right, score.lines_missed, score.lines_extra), (1, 2, 2));
        assert_eq!((score.totals_right, score.balanced), (1, 0));
        assert_eq!(score.precision().map(|part| (part * 100.0).round()), Some(33.0));
        assert_eq!(score.misses.len(), 4);
    }

    #[test]
    fn a_free_line_may_be_read_or_not() {
        let free = Item { optional: true, ..item("Кружка", 0) };
        let truth = receipt(100, Some(vec![free, item("Пиво", 100)]));
        let with = one(truth.clone(), reading(Some(100), vec![line("Пиво", 100), line("Кружка", 0)], "balanced"));
        let without = one(truth, reading(Some(100), vec![line("Пиво", 100)], "balanced"));
        for score in [with, without] {
            assert_eq!((score.lines_right, score.lines_missed, score.lines_extra), (1, 0, 0));
            assert_eq!((score.balanced, score.balanced_wrong), (1, 0));
        }
    }

    #[test]
    fn balanced_is_wrong_when_the_total_or_a_sum_is() {
        let items = || Some(vec![item("Пиво", 100)]);
        let total = one(receipt(100, items()), reading(Some(200), vec![line("Пиво", 100)], "balanced"));
        let sum = one(receipt(100, items()), reading(Some(100), vec![line("Пиво", 50), line("Чай", 50)], "balanced"));
        let unknown = one(receipt(100, None), reading(Some(100), vec![line("Чай", 70)], "balanced"));
        assert_eq!((total.balanced_wrong, sum.balanced_wrong, unknown.balanced_wrong), (1, 1, 0));
    }

    #[test]
    fn a_refused_and_a_missing_picture_are_misses() {
        let refused = Reading { cheque: Err("broken_picture".to_owned()), ..reading(None, vec![], "") };
        let refused = one(receipt(100, Some(vec![item("Пиво", 100)])), refused);
        assert_eq!((refused.refused, refused.totals_right, refused.lines_missed), (1, 0, 1));
        let forgotten = score(&[receipt(100, None)], &[]);
        assert_eq!(forgotten.without_result(), 1);
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let score = Score { seconds: (1..=20_u8).map(f64::from).collect(), ..Score::default() };
        assert_eq!((score.percentile(50), score.percentile(95)), (Some(10.0), Some(19.0)));
        assert_eq!(Score::default().percentile(50), None);
    }
}
