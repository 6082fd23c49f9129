//! How a cheque is split, and the tip on top of it.

use super::participant::ParticipantId;
use contracts::money::{BillAmount, BillMoney};
use std::collections::BTreeMap;

/// How a cheque is split.
///
/// A participant who is missing from a map pays nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Participants pay for the lines they claimed.
    Items,
    /// All participants pay the same.
    Equal,
    /// In proportion to weights, such as 2 for a couple and 1 for a single person.
    Shares(BTreeMap<ParticipantId, u32>),
    /// Percentages that add up to 100.
    Percent(BTreeMap<ParticipantId, BasisPoints>),
    /// Amounts that add up to the total.
    Exact(BTreeMap<ParticipantId, BillMoney>),
}

impl Method {
    /// The name in JSON and in the database.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Equal => "equal",
            Self::Shares(_) => "shares",
            Self::Percent(_) => "percent",
            Self::Exact(_) => "exact",
        }
    }
}

/// A tip on top of the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// A percentage of the sum of the lines.
    Percent(BasisPoints),
    /// A fixed amount; not negative.
    Amount(BillMoney),
}

impl Tip {
    /// The tip for lines that add up to `items`, in whole units of `unit` thousandths; half a unit is rounded up. It is at most
    /// [`BillAmount::MAX`].
    pub fn on(self, items: BillMoney, unit: i64) -> BillMoney {
        match self {
            Self::Amount(amount) => amount,
            Self::Percent(BasisPoints(points)) => {
                let exact = i128::from(items.thousandths().max(0)) * i128::from(points);
                let whole = 10_000 * i128::from(unit);
                let rounded = (exact + whole / 2) / whole * i128::from(unit);
                let rounded = BillMoney::from_thousandths(i64::try_from(rounded).unwrap_or(i64::MAX));
                rounded.min(BillAmount::MAX)
            }
        }
    }
}

/// Hundredths of a percent, from 0 to 10000: 6250 is 62.5 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasisPoints(u32);

/// The number is not a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to 100")]
pub struct NotAPercentage;

impl BasisPoints {
    /// 100 %.
    pub const HUNDRED_PERCENT: Self = Self(10_000);

    /// Creates a value from hundredths of a percent.
    ///
    /// # Errors
    /// [`NotAPercentage`] below 0 and above 10000.
    pub fn new(points: i64) -> Result<Self, NotAPercentage> {
        let points = u32::try_from(points).map_err(|_| NotAPercentage)?;
        if points <= Self::HUNDRED_PERCENT.0 { Ok(Self(points)) } else { Err(NotAPercentage) }
    }

    /// The value in hundredths of a percent.
    pub fn get(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tip_in_percent_is_rounded_to_the_nearest_unit() {
        let percent = |points| Tip::Percent(BasisPoints::new(points).unwrap());
        assert_eq!(percent(1_000).on(BillMoney::from_hundredths(105), 10), BillMoney::from_hundredths(11));
        assert_eq!(percent(1_000).on(BillMoney::from_hundredths(104), 10), BillMoney::from_hundredths(10));
        assert_eq!(percent(0).on(BillMoney::from_hundredths(104), 10), BillMoney::ZERO);
        assert_eq!(percent(1_000).on(BillMoney::from_hundredths(-104), 10), BillMoney::ZERO);
        assert_eq!(
            percent(1_000).on(BillMoney::from_hundredths(104_900), 1_000),
            BillMoney::from_hundredths(10_500),
            "whole yen"
        );
        assert_eq!(
            percent(1_000).on(BillMoney::from_thousandths(1_045), 1),
            BillMoney::from_thousandths(105),
            "dinars"
        );
        let lines = BillMoney::from_thousandths(i64::MAX / 2);
        assert_eq!(percent(10_000).on(lines, 1), BillAmount::MAX, "no sum becomes too large");
    }

    #[test]
    fn more_than_a_hundred_is_not_a_percentage() {
        assert!(BasisPoints::new(10_001).is_err());
        assert!(BasisPoints::new(-1).is_err());
        assert_eq!(BasisPoints::new(10_000), Ok(BasisPoints::HUNDRED_PERCENT));
    }
}
