//! Values stored as JSON, not validated yet.

use crate::domain::breakdown::Breakdown;
use crate::domain::fraction::Fraction;
use crate::domain::method::{BasisPoints, Method, Tip};
use crate::domain::negative::Negative;
use crate::domain::participant::{Attempt, AttemptState, Direction, Participant, ParticipantId, Settlement, TokenHash};
use crate::domain::rate::Rate;
use crate::domain::split::{ClaimKey, Split};
use contracts::ids::{TransferId, UserId};
use contracts::money::Money;
use contracts::payments::RefusalReason;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stored value violates a rule of the table and this code: a decoding error, not a panic.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(&'static str);

/// The column `method`. Percentages are in basis points.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MethodJson {
    method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip_points: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tip_amount: Option<Money>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    shares: BTreeMap<u32, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    points: BTreeMap<u32, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    amounts: BTreeMap<u32, Money>,
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

/// A row of `participants` with its latest row of `transfers`.
#[derive(Debug, Deserialize)]
pub(super) struct ParticipantJson {
    id: u32,
    name: Option<String>,
    user_id: Option<UserId>,
    token_hash: Option<String>,
    cash: Option<Breakdown>,
    /// In minor units.
    transferred: i64,
    last: Option<TransferJson>,
}

/// The latest row of `transfers` of a participant.
#[derive(Debug, Deserialize)]
struct TransferJson {
    transfer_id: TransferId,
    /// In minor units, in the currency of the bill.
    amount: i64,
    /// In minor units, in the currency of the accounts.
    transferred: i64,
    to_owner: bool,
    state: String,
    reason: Option<RefusalReason>,
}

impl TransferJson {
    fn read(self) -> Result<Attempt, Malformed> {
        let state = match (self.state.as_str(), self.reason) {
            ("pending", None) => AttemptState::Pending,
            ("paid", None) => AttemptState::Done,
            ("failed", Some(reason)) => AttemptState::Failed(reason),
            _ => return Err(Malformed("transfer in an unknown state")),
        };
        let direction = if self.to_owner { Direction::ToOwner } else { Direction::ToParticipant };
        Ok(Attempt {
            transfer_id: self.transfer_id,
            direction,
            amount: Money::from_minor(self.amount),
            transferred: Money::from_minor(self.transferred),
            state,
        })
    }
}

impl ParticipantJson {
    pub(super) fn read(self) -> Result<Participant, Malformed> {
        let settlement = Settlement {
            transferred: Money::from_minor(self.transferred),
            cash: self.cash.map_or(Money::ZERO, |cash| cash.due()),
            last: self.last.map(TransferJson::read).transpose()?,
        };
        let token = self.token_hash.map(|hex| token_hash(&hex)).transpose()?;
        Ok(Participant { id: ParticipantId(self.id), name: self.name, user_id: self.user_id, token, settlement })
    }
}

/// Parses 64 hexadecimal digits.
fn token_hash(hex: &str) -> Result<TokenHash, Malformed> {
    let mut bytes = [0; 32];
    match base16ct::mixed::decode(hex, &mut bytes) {
        Ok(decoded) if decoded.len() == 32 => Ok(TokenHash(bytes)),
        Ok(_) | Err(_) => Err(Malformed("token hash without 32 bytes")),
    }
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
            (Method::Equal, Some(Tip::Amount(Money::from_minor(12_345)))),
            (Method::Shares(BTreeMap::from([(one, 2)])), Some(Tip::Percent(points))),
            (Method::Percent(BTreeMap::from([(one, points)])), None),
            (Method::Exact(BTreeMap::from([(one, Money::from_minor(1))])), Some(Tip::Amount(Money::ZERO))),
        ];
        for (method, tip) in methods {
            let written = serde_json::to_string(&MethodJson::of_method(&method, tip)).unwrap();
            let read: MethodJson = serde_json::from_str(&written).unwrap();
            assert_eq!(read.read().unwrap(), (method, tip), "{written}");
        }
    }

    #[test]
    fn a_token_hash_is_thirty_two_bytes() {
        assert_eq!(token_hash(&"0a".repeat(32)).unwrap(), TokenHash([10; 32]));
        assert!(token_hash("0a").is_err());
        assert!(token_hash(&"xy".repeat(32)).is_err());
    }
}
