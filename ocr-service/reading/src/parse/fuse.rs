//! Fuses what several passes recognised of a printed row into one line.

use super::amount::Number;
use super::cells::{Cell, Line, Reading, Style};
use super::fold::has_word;
use super::product::makes;
use crate::layout::measure::count;
use crate::layout::strips::Strip;

impl Line {
    /// The best reading of the strip, with the numbers of the other passes as alternative readings.
    pub(crate) fn of_strip(strip: &Strip, style: Style) -> Option<Self> {
        let mut lines: Vec<Line> = strip.readings.iter().map(|(_, row)| Line::of_row(row, style)).collect();
        lines.sort_by(|a, b| worth(b, style).total_cmp(&worth(a, style)));
        let others = lines.split_off(1.min(lines.len()));
        let mut best = lines.pop()?;
        for other in &others {
            best.passes += other.passes;
            best.classified.extend(other.classified.iter().cloned());
            vote(&mut best, other);
        }
        for cell in &mut best.cells {
            cell.readings.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        }
        Some(best)
    }
}

/// Quality of a reading: its letters weighted by confidence, and above all a sum at its end.
fn worth(line: &Line, style: Style) -> f32 {
    let letters = line.text.chars().filter(|letter| letter.is_alphanumeric()).count();
    let sum = line.cells.iter().rev().take(3).any(|cell| {
        cell.number().is_some_and(|number| number.decimals == if style.decimals { 2 } else { 0 } && number.guessed == 0)
    });
    let word = has_word(&line.text);
    let multiplied = if multiplies(line) { 8.0 } else { 0.0 };
    line.confidence * (count(letters.min(40)) + if sum { 8.0 } else { 0.0 } + if word { 4.0 } else { 0.0 } + multiplied)
}

/// Whether the product of two numbers is the last one.
pub(crate) fn multiplies(line: &Line) -> bool {
    let numbers: Vec<Number> = line.cells.iter().filter_map(Cell::number).take(8).collect();
    let Some((last, factors)) = numbers.split_last() else { return false };
    let Some(total) = last.money().filter(|total| *total != 0) else { return false };
    factors.iter().enumerate().any(|(at, a)| {
        let pairs = factors[at + 1..].iter().flat_map(|b| [(a, b), (b, a)]);
        pairs
            .into_iter()
            .any(|(quantity, price)| price.money().is_some_and(|price| makes(quantity.thousandths, price, total)))
    })
}

fn vote(best: &mut Line, other: &Line) {
    for cell in other.cells.iter().filter(|cell| !cell.readings.is_empty()) {
        let shared = |known: &Cell| {
            let shared = known.right.min(cell.right) - known.left.max(cell.left);
            shared / (known.right - known.left).max(cell.right - cell.left).max(1.0)
        };
        let same = best.cells.iter_mut().filter(|known| !known.readings.is_empty() && shared(known) > 0.5);
        let Some(known) = same.max_by(|a, b| shared(a).total_cmp(&shared(b))) else {
            continue;
        };
        for reading in &cell.readings {
            add(known, *reading);
        }
    }
}

fn add(cell: &mut Cell, reading: Reading) {
    let same = cell.readings.iter_mut().find(|known| {
        let (a, b) = (known.number, reading.number);
        (a.thousandths, a.decimals, known.takes_previous) == (b.thousandths, b.decimals, reading.takes_previous)
    });
    match same {
        Some(known) => known.weight += reading.weight,
        None => cell.readings.push(reading),
    }
}
