//! The rate at which a bill in another currency is settled between accounts.

use contracts::money::Money;
use std::fmt;

/// Decimals of a rate: it is stored in millionths.
const ONE: i64 = 1_000_000;
/// The greatest rate.
const RATE_MAX: i64 = 1_000_000;

/// How many units of the accounts' currency one unit of the bill's currency costs: positive, with six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(i64);

/// The number is not a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a number above 0, at most {RATE_MAX}, with at most six decimals")]
pub struct NotARate;

impl Rate {
    /// The same currency.
    pub const SAME: Self = Self(ONE);

    /// Creates a rate from millionths.
    ///
    /// # Errors
    /// [`NotARate`].
    pub fn from_millionths(millionths: i64) -> Result<Self, NotARate> {
        if (1..=RATE_MAX * ONE).contains(&millionths) { Ok(Self(millionths)) } else { Err(NotARate) }
    }

    /// Parses a decimal number without exponent.
    ///
    /// # Errors
    /// [`NotARate`].
    pub fn from_json_number(text: &str) -> Result<Self, NotARate> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
            return Err(NotARate);
        }
        let whole: i64 = whole.parse().map_err(|_| NotARate)?;
        let decimals: i64 = format!("{decimals:0<6}").parse().map_err(|_| NotARate)?;
        let millionths = whole.checked_mul(ONE).and_then(|whole| whole.checked_add(decimals));
        Self::from_millionths(millionths.ok_or(NotARate)?)
    }

    /// The rate in millionths.
    pub fn millionths(self) -> i64 {
        self.0
    }

    /// The amount in the currency of the accounts; half a minor unit is rounded away from zero. `None` if it is too
    /// large for an amount of money.
    pub fn convert(self, amount: Money) -> Option<Money> {
        let exact = i128::from(amount.minor()) * i128::from(self.0);
        let half = i128::from(ONE / 2) * exact.signum();
        i64::try_from((exact + half) / i128::from(ONE)).ok().map(Money::from_minor)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:06}", self.0 / ONE, self.0 % ONE);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_exact_and_positive() {
        for (text, millionths) in [("98.5", 98_500_000), ("0.000001", 1), ("1000000", 1_000_000_000_000), ("1", ONE)] {
            let rate = Rate::from_json_number(text).unwrap();
            assert_eq!((rate.millionths(), rate.to_string().as_str()), (millionths, text));
        }
        for text in ["0", "-1", "1.0000001", "1e3", "", ".5", "5.", "1000000.1", "\"1\"", "99999999999999999999"] {
            assert_eq!(Rate::from_json_number(text), Err(NotARate), "{text}");
        }
    }

    #[test]
    fn half_a_unit_is_rounded_away_from_zero() {
        let rate = Rate::from_json_number("0.5").unwrap();
        let converted = |minor| rate.convert(Money::from_minor(minor)).map(Money::minor);
        assert_eq!((converted(3), converted(-3), converted(2)), (Some(2), Some(-2), Some(1)));
        assert_eq!(Rate::from_json_number("1000000").unwrap().convert(Money::from_minor(i64::MAX)), None);
    }
}
