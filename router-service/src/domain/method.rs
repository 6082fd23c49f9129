//! How a cheque is split, and the tip on top of it.

use super::participant::ParticipantId;
use contracts::money::Money;
use std::collections::BTreeMap;

/// How a cheque is split.
///
/// Who is missing from a map pays nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Everybody pays for the lines they took.
    Items,
    /// Everybody pays the same.
    Equal,
    /// In proportion to numbers: 2 for a couple, 1 for a single.
    Shares(BTreeMap<ParticipantId, u32>),
    /// Percents that make 100.
    Percent(BTreeMap<ParticipantId, BasisPoints>),
    /// Amounts that make the total.
    Exact(BTreeMap<ParticipantId, Money>),
}

impl Method {
    /// The word on the wire and in the database.
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

/// What is added to the total for the staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tip {
    /// Of the lines of the cheque.
    Percent(BasisPoints),
    /// As much; not negative.
    Amount(Money),
}

impl Tip {
    /// How much it is on lines that make `items`; half a minor unit is rounded up.
    pub fn on(self, items: Money) -> Money {
        match self {
            Self::Amount(amount) => amount,
            Self::Percent(BasisPoints(points)) => {
                let exact = i128::from(items.minor().max(0)) * i128::from(points);
                // At most the lines themselves, so that it fits.
                let rounded = (exact + 5_000) / 10_000;
                Money::from_minor(i64::try_from(rounded).unwrap_or(i64::MAX))
            }
        }
    }
}

/// Hundredths of a percent, from 0 to 10000: 6250 is 62.5 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BasisPoints(u32);

/// The number is no part of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be from 0 to 100")]
pub struct NotAPercentage;

impl BasisPoints {
    /// All of it.
    pub const HUNDRED_PERCENT: Self = Self(10_000);

    /// Takes hundredths of a percent.
    ///
    /// # Errors
    /// [`NotAPercentage`] below 0 and above 10000.
    pub fn new(points: i64) -> Result<Self, NotAPercentage> {
        let points = u32::try_from(points).map_err(|_| NotAPercentage)?;
        if points <= Self::HUNDRED_PERCENT.0 { Ok(Self(points)) } else { Err(NotAPercentage) }
    }

    /// The number.
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
        assert_eq!(percent(1_000).on(Money::from_minor(105)), Money::from_minor(11));
        assert_eq!(percent(1_000).on(Money::from_minor(104)), Money::from_minor(10));
        assert_eq!(percent(0).on(Money::from_minor(104)), Money::ZERO);
        assert_eq!(percent(1_000).on(Money::from_minor(-104)), Money::ZERO);
    }

    #[test]
    fn more_than_everything_is_no_percentage() {
        assert!(BasisPoints::new(10_001).is_err());
        assert!(BasisPoints::new(-1).is_err());
        assert_eq!(BasisPoints::new(10_000), Ok(BasisPoints::HUNDRED_PERCENT));
    }
}
