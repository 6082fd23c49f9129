//! The rows of one pass: rejoins what the engine split at column gaps, along the tilt of the surrounding lines.

use super::measure::{around, count, is_tall, median};
use crate::word::{Place, Word};
use std::collections::BTreeMap;

/// Largest number of words considered; a page with more is not a cheque.
const WORDS_MAX: usize = 4000;
/// Largest vertical distance between two pieces of a row, in letter heights.
const STEP_MAX: f32 = 0.5;
/// The tilt is estimated from pieces at most this many letter heights above and below.
const NEIGHBOURHOOD: f32 = 14.0;
/// A steeper slope, in pixels down per pixel to the right, is a recognition error.
const SLOPE_MAX: f32 = 0.25;

/// Words on one row, from left to right; never empty.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) words: Vec<Word>,
    pub(crate) place: Place,
    /// Slope in pixels down per pixel to the right.
    pub(crate) slope: f32,
    /// Letter height.
    pub(crate) height: f32,
    middle: (f32, f32),
}

impl Row {
    fn new(mut words: Vec<Word>, slope: f32) -> Option<Self> {
        words.sort_by(|a, b| a.place.left.total_cmp(&b.place.left));
        let place = around(words.iter().map(|word| &word.place))?;
        let tall: Vec<&Word> = words.iter().filter(|word| is_tall(word)).collect();
        let counted = if tall.is_empty() { words.iter().collect() } else { tall };
        let x = place.middle().0;
        let y = median(counted.iter().map(|word| {
            let (at, y) = word.place.middle();
            y + slope * (x - at)
        }));
        let height = median(counted.iter().map(|word| word.place.height())).max(1.0);
        Some(Self { words, place, slope, height, middle: (x, y) })
    }

    /// The y coordinate of the row's centre line at `x`.
    pub(crate) fn middle_at(&self, x: f32) -> f32 {
        self.middle.1 + self.slope * (x - self.middle.0)
    }

    /// Joins two rows.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let words = self.words.iter().chain(&other.words).cloned().collect();
        Self::new(words, self.slope).unwrap_or_else(|| self.clone())
    }

    /// The words joined with spaces.
    pub(crate) fn text(&self) -> String {
        self.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The average confidence, weighted by letters.
    pub(crate) fn confidence(&self) -> f32 {
        let letters = |word: &Word| count(word.text.chars().count());
        let all: f32 = self.words.iter().map(letters).sum();
        self.words.iter().map(|word| word.confidence * letters(word)).sum::<f32>() / all.max(1.0)
    }
}

/// The rows of a pass, from top to bottom.
pub(crate) fn rows(words: &[Word]) -> Vec<Row> {
    let mut lines: BTreeMap<u32, Vec<Word>> = BTreeMap::new();
    for word in words.iter().filter(|word| is_sound(word)).take(WORDS_MAX) {
        lines.entry(word.line).or_default().push(word.clone());
    }
    let height = median(words.iter().filter(|word| is_tall(word)).map(|word| word.place.height())).max(1.0);
    let slopes: Vec<(f32, f32, f32)> = lines.values().filter_map(|line| slope(line, height)).collect();
    let pieces: Vec<Row> = lines
        .into_values()
        .filter_map(|line| Row::new(line, 0.0).and_then(|row| tilted(row, &slopes, height)))
        .collect();
    let mut rows = joined(&pieces);
    let centre = median(rows.iter().map(|row| row.place.middle().0));
    rows.sort_by(|a, b| a.middle_at(centre).total_cmp(&b.middle_at(centre)));
    rows
}

fn is_sound(word: &Word) -> bool {
    let place = word.place;
    let edges = [place.left, place.top, place.right, place.bottom];
    let sane = edges.iter().all(|edge| edge.is_finite() && edge.abs() < 1e6);
    sane && word.confidence.is_finite() && place.width() > 0.0 && place.height() > 0.0 && !word.text.trim().is_empty()
}

/// Vertical position, slope and length of a line. The slope is the median over all pairs of distant words.
fn slope(line: &[Word], height: f32) -> Option<(f32, f32, f32)> {
    let points: Vec<(f32, f32)> = line
        .iter()
        .filter(|word| is_tall(word))
        .take(40)
        .map(|word| (word.place.left, word.place.middle().1))
        .collect();
    let mut slopes = vec![];
    for (at, a) in points.iter().enumerate() {
        for b in &points[at + 1..] {
            if (b.0 - a.0).abs() > 3.0 * height {
                slopes.push((b.1 - a.1) / (b.0 - a.0));
            }
        }
    }
    let length = points.last()?.0 - points.first()?.0;
    (!slopes.is_empty()).then(|| (median(points.iter().map(|point| point.1)), median(slopes), length))
}

fn tilted(row: Row, slopes: &[(f32, f32, f32)], height: f32) -> Option<Row> {
    let y = row.middle.1;
    let near = |reach: f32| {
        let close = slopes.iter().filter(move |slope| (slope.0 - y).abs() < reach * height);
        // A long line is better evidence for the tilt than a short one.
        let weighed = close.flat_map(|slope| (0..weight(slope.2, height)).map(|_| slope.1));
        weighed.collect::<Vec<_>>()
    };
    let close = near(NEIGHBOURHOOD);
    let chosen = if close.len() < 3 { near(f32::MAX) } else { close };
    Row::new(row.words, median(chosen).clamp(-SLOPE_MAX, SLOPE_MAX))
}

fn weight(length: f32, height: f32) -> u8 {
    let mut weight = 1;
    while weight < 8 && length > f32::from(weight) * 4.0 * height {
        weight += 1;
    }
    weight
}

/// Joins pieces whose centre lines meet between them, starting with the closest pair.
fn joined(pieces: &[Row]) -> Vec<Row> {
    let mut pairs = vec![];
    for (left, a) in pieces.iter().enumerate() {
        for (right, b) in pieces.iter().enumerate() {
            let small = a.height.min(b.height);
            if left == right || b.place.left < a.place.right - 0.4 * small {
                continue;
            }
            let x = f32::midpoint(a.place.right, b.place.left);
            let step = (a.middle_at(x) - b.middle_at(x)).abs();
            // The larger the distance, the less certain is the tilt; letters of double height sit lower or higher.
            let big = a.height.max(b.height).min(2.2 * small);
            if step < STEP_MAX * f32::midpoint(small, big) {
                pairs.push((step / small, left, right));
            }
        }
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut home: Vec<usize> = (0..pieces.len()).collect();
    let mut members: Vec<Vec<usize>> = (0..pieces.len()).map(|at| vec![at]).collect();
    for (_, left, right) in pairs {
        let (a, b) = (home[left], home[right]);
        let clash = a == b
            || members[a]
                .iter()
                .any(|one| members[b].iter().any(|other| pieces[*one].place.shared_width(&pieces[*other].place) > 0.3));
        if clash || members[a].len() + members[b].len() > 12 {
            continue;
        }
        let moved = std::mem::take(&mut members[b]);
        for member in &moved {
            home[*member] = a;
        }
        members[a].extend(moved);
    }
    let groups = members.into_iter().filter(|group| !group.is_empty());
    groups
        .filter_map(|group| {
            let slope = median(group.iter().map(|member| pieces[*member].slope));
            Row::new(group.iter().flat_map(|member| pieces[*member].words.clone()).collect(), slope)
        })
        .collect()
}
