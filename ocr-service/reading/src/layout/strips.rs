//! Aligns the rows of several passes: a strip is one printed row as recognised by each pass.

use super::measure::{count, median};
use super::rows::Row;
use crate::word::Word;

/// One printed row; never empty, at most one reading per pass.
#[derive(Clone, Debug)]
pub(crate) struct Strip {
    /// The pass number and the row recognised by it.
    pub(crate) readings: Vec<(usize, Row)>,
}

impl Strip {
    fn middle_at(&self, x: f32) -> f32 {
        median(self.readings.iter().map(|(_, row)| row.middle_at(x)))
    }

    fn height(&self) -> f32 {
        median(self.readings.iter().map(|(_, row)| row.height))
    }
}

/// Aligns the rows of all passes; the strips are ordered from top to bottom.
pub(crate) fn strips(passes: &[Vec<Row>]) -> Vec<Strip> {
    let centre = median(passes.iter().flatten().map(|row| row.place.middle().0));
    let mut strips: Vec<Strip> = vec![];
    for (pass, rows) in passes.iter().enumerate() {
        for row in rows {
            match home(&strips, row) {
                Some(at) => add(&mut strips[at], pass, row),
                None => strips.push(Strip { readings: vec![(pass, row.clone())] }),
            }
        }
    }
    strips.sort_by(|a, b| a.middle_at(centre).total_cmp(&b.middle_at(centre)));
    strips
}

/// The strip of a row: the one that shares most of its words, else the one at the same height.
fn home(strips: &[Strip], row: &Row) -> Option<usize> {
    let x = row.place.middle().0;
    let distance =
        |strip: &Strip| (strip.middle_at(x) - row.middle_at(x)).abs() / strip.height().min(row.height).max(1.0);
    let near = strips.iter().enumerate().filter(|(_, strip)| distance(strip) < 1.5);
    let shared = near.map(|(at, strip)| {
        let shared = strip.readings.iter().map(|(_, known)| shared(known, row)).fold(0.0, f32::max);
        (at, shared, distance(strip))
    });
    let fitting = shared.filter(|(_, shared, distance)| *shared >= 0.4 || *distance < 0.5);
    fitting.max_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2))).map(|(at, ..)| at)
}

/// The share of letters of the shorter row that the other row has at the same positions.
fn shared(a: &Row, b: &Row) -> f32 {
    let letters = |word: &Word| count(word.text.chars().count());
    let same = |one: &Word, other: &Word| {
        let (one, other) = (&one.place, &other.place);
        let tall = one.bottom.min(other.bottom) - one.top.max(other.top);
        one.shared_width(other) > 0.6 && tall > 0.6 * one.height().max(other.height())
    };
    let found: f32 = a.words.iter().filter(|one| b.words.iter().any(|other| same(one, other))).map(letters).sum();
    let all = |row: &Row| row.words.iter().map(letters).sum::<f32>();
    found / all(a).min(all(b)).max(1.0)
}

fn add(strip: &mut Strip, pass: usize, row: &Row) {
    match strip.readings.iter_mut().find(|(found, _)| *found == pass) {
        Some((_, known)) if known.place.shared_width(&row.place) < 0.3 => *known = known.joined(row),
        // Two rows of one pass at the same position: the engine recognised a row twice; the one with the higher
        // confidence stays.
        Some((_, known)) if known.confidence() < row.confidence() => *known = row.clone(),
        Some(_) => {}
        None => strip.readings.push((pass, row.clone())),
    }
}
