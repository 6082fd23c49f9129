//! The header of the table: which columns hold quantity, price and sum.

use super::cells::Line;
use super::fold::{normalize, similar};
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Name,
    Quantity,
    Price,
    Sum,
    Other,
}

const HEADS: [(Kind, &str); 5] = [
    (
        Kind::Name,
        "наименование|блюдо|название|товар|item|description|desc|descriptions|particulars|artikel|bezeichnung|product|items",
    ),
    (Kind::Quantity, "кол-во|количество|кол|кол.|qty|quantity|menge|anz|anzahl|кво|к-во|sale"),
    (
        Kind::Price,
        "цена|price|u/p|u.price|uprice|unit price|preis|einzelpreis|u.p|s/price|unit|u/price|rm/unit|е-preis",
    ),
    (
        Kind::Sum,
        "сумма|стоимость|amount|amt|total|summe|betrag|gesamt|amt(rm)|amount(rm)|total(rm)|ttl|итого|amt+gst(rm)|sub total|eur|rm",
    ),
    (Kind::Other, "disc|discount|tax|gst|code|iss|exc|d|скидка|no|s/n"),
];

static NORMALIZED_HEADS: LazyLock<Vec<(Kind, Vec<String>)>> =
    LazyLock::new(|| HEADS.iter().map(|(kind, heads)| (*kind, heads.split('|').map(normalize).collect())).collect());

/// The columns of a table, with the edges of their headers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Columns(Vec<(Kind, f32, f32)>);

impl Columns {
    /// Parses a row as a table header: at least two columns of different kinds and no sum of money.
    pub(crate) fn of(line: &Line) -> Option<Self> {
        if line.cells.iter().any(|cell| cell.number().is_some_and(|number| number.guessed == 0)) {
            return None;
        }
        let mut found: Vec<(Kind, f32, f32)> = vec![];
        for cell in &line.cells {
            let normalized = normalize(&cell.text);
            let kind = NORMALIZED_HEADS
                .iter()
                .find(|(_, heads)| heads.iter().any(|head| similar(&normalized, head)) && !normalized.is_empty());
            if let Some((kind, _)) = kind {
                found.push((*kind, cell.left, cell.right));
            }
        }
        let has = |kind: Kind| found.iter().any(|column| column.0 == kind);
        let kinds = [Kind::Name, Kind::Quantity, Kind::Price, Kind::Sum].into_iter().filter(|kind| has(*kind)).count();
        let words = line.cells.iter().filter(|cell| cell.text.chars().count() > 2).count();
        (kinds >= 2 && found.len() * 3 >= words).then_some(Self(found))
    }

    /// Whether a row has words of a table header, but too few to identify the columns.
    pub(crate) fn hints(line: &Line) -> bool {
        let found = line.cells.iter().filter(|cell| {
            let normalized = normalize(&cell.text);
            let heads = NORMALIZED_HEADS.iter().filter(|(kind, _)| *kind != Kind::Other).flat_map(|(_, heads)| heads);
            normalized.chars().count() >= 3 && heads.into_iter().any(|head| *head == normalized)
        });
        let numbers = line.cells.iter().filter(|cell| cell.number().is_some()).count();
        found.count() >= 2
            || (numbers == 0 && line.cells.iter().any(|cell| matches!(normalize(&cell.text).as_str(), "qty" | "konbo")))
    }

    /// Whether there is a column of this kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.0.iter().any(|column| column.0 == kind)
    }

    /// The kind of the column that a cell belongs to, if it is below the header with a tolerance of a few letters.
    pub(crate) fn over(&self, left: f32, right: f32, letter: f32) -> Option<Kind> {
        let distance = |column: &(Kind, f32, f32)| {
            let apart = (column.1 - right).max(left - column.2).max(0.0);
            let edges = (column.2 - right).abs().min((column.1 - left).abs());
            (apart, edges)
        };
        let nearest = self.0.iter().min_by(|a, b| {
            let (a, b) = (distance(a), distance(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        })?;
        (distance(nearest).0 < 2.0 * letter).then_some(nearest.0)
    }
}
