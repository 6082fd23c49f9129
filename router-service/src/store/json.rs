//! Values stored as JSON, not validated yet.

use crate::domain::fraction::Fraction;
use crate::domain::method::{BasisPoints, Method, Tip};
use crate::domain::negative::Negative;
use crate::domain::participant::ParticipantId;
use crate::domain::rate::Rate;
use crate::domain::split::{ClaimKey, Split};
use contracts::money::BillMoney;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stored value violates a rule of the table and this code: a decoding error, not a panic.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// The column `method`. Percentages are in basis points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MethodJson {
    method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip_points: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip_amount: Option<BillMoney>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    shares: BTreeMap<u32, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    points: BTreeMap<u32, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    amounts: BTreeMap<u32, BillMoney>,
    /// Negative lines: the line that each takes back, or null if it has to be claimed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    negative: BTreeMap<u32, Option<u32>>,
    /// The rate for another currency, in millionths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<i64>,
}

impl MethodJson {
    pub(super) fn of(split: &Split) -> Self {
        let mut json = Self::of_method(&split.method, split.tip);
        json.rate = split.rate.map(Rate::millionths);
        json.negative = split.negative.iter().map(|(line, negative)| (*line, target(*negative))).collect();
        json
    }

    fn of_method(method: &Method, tip: Option<Tip>) -> Self {
        let mut json = Self { method: method.as_str().to_owned(), ..Self::default() };
        match method {
            Method::Items | Method::Equal => {}
            Method::Shares(shares) => json.shares = shares.iter().map(|(id, share)| (id.0, *share)).collect(),
            Method::Percent(percents) => json.points = percents.iter().map(|(id, part)| (id.0, part.get())).collect(),
            Method::Exact(amounts) => json.amounts = amounts.iter().map(|(id, amount)| (id.0, *amount)).collect(),
        }
        match tip {
            None => {}
            Some(Tip::Percent(points)) => json.tip_points = Some(points.get()),
            Some(Tip::Amount(amount)) => json.tip_amount = Some(amount),
        }
        json
    }

    /// The rate for another currency.
    pub(super) fn rate(&self) -> Result<Option<Rate>, Malformed> {
        self.rate.map(Rate::from_millionths).transpose().map_err(|_| Malformed("not a rate"))
    }

    /// What the owner said about negative lines.
    pub(super) fn negative(&self) -> BTreeMap<u32, Negative> {
        self.negative.iter().map(|(line, target)| (*line, target.map_or(Negative::Claimed, Negative::Line))).collect()
    }

    pub(super) fn read(self) -> Result<(Method, Option<Tip>), Malformed> {
        let points = |points: u32| BasisPoints::new(points.into()).map_err(|_| Malformed("a percentage beyond 100"));
        let method = match self.method.as_str() {
            "items" => Method::Items,
            "equal" => Method::Equal,
            "shares" => Method::Shares(by_participant(self.shares)),
            "percent" => {
                let percents = self.points.into_iter().map(|(id, part)| Ok((ParticipantId(id), points(part)?)));
                Method::Percent(percents.collect::<Result<_, Malformed>>()?)
            }
            "exact" => Method::Exact(by_participant(self.amounts)),
            _ => return Err(Malformed("unknown method")),
        };
        let tip = match (self.tip_points, self.tip_amount) {
            (Some(part), _) => Some(Tip::Percent(points(part)?)),
            (None, amount) => amount.map(Tip::Amount),
        };
        Ok((method, tip))
    }
}

fn target(negative: Negative) -> Option<u32> {
    match negative {
        Negative::Line(target) => Some(target),
        Negative::Claimed => None,
    }
}

fn by_participant<T>(parts: BTreeMap<u32, T>) -> BTreeMap<ParticipantId, T> {
    parts.into_iter().map(|(id, part)| (ParticipantId(id), part)).collect()
}

/// A row of `claims`.
#[derive(Debug, Deserialize)]
pub(super) struct ClaimJson {
    line: u32,
    participant: u32,
    numerator: u64,
    denominator: u64,
}

impl ClaimJson {
    pub(super) fn read(self) -> Result<(ClaimKey, Fraction), Malformed> {
        let part = Fraction::new(self.numerator, self.denominator);
        let part = part.map_err(|_| Malformed("claim greater than the whole line"))?;
        Ok(((self.line, ParticipantId(self.participant)), part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_read_as_it_is_written() {
        let one = ParticipantId(1);
        let points = BasisPoints::new(6_250).unwrap();
        let methods = [
            (Method::Items, None),
            (Method::Equal, Some(Tip::Amount(BillMoney::from_hundredths(12_345)))),
            (Method::Shares(BTreeMap::from([(one, 2)])), Some(Tip::Percent(points))),
            (Method::Percent(BTreeMap::from([(one, points)])), None),
            (Method::Exact(BTreeMap::from([(one, BillMoney::from_hundredths(1))])), Some(Tip::Amount(BillMoney::ZERO))),
        ];
        for (method, tip) in methods {
            let written = serde_json::to_string(&MethodJson::of_method(&method, tip)).unwrap();
            let read: MethodJson = serde_json::from_str(&written).unwrap();
            assert_eq!(read.read().unwrap(), (method, tip), "{written}");
        }
    }
}
