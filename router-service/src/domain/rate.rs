//! The rate at which a bill in another currency is settled between accounts.

use contracts::money::{Amount, BillAmount, BillMoney, Money, MoneyError};
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

    /// The amount in the currency of the accounts; half a hundredth is rounded away from zero. `None` if it is too large for
    /// an amount of money.
    pub fn convert(self, amount: BillMoney) -> Option<Money> {
        let exact = i128::from(amount.thousandths()) * i128::from(self.0);
        let hundredth = i128::from(ONE) * 10;
        let half = hundredth / 2 * exact.signum();
        i64::try_from((exact + half) / hundredth).ok().map(Money::from_minor)
    }
}

/// How amounts of a bill become amounts between accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// The bill is in the currency of the accounts: amounts stay the same.
    Same,
    /// At the rate that the owner named.
    At(Rate),
}

/// Why an amount of a bill cannot be transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTransferable {
    /// Less than the accounts' smallest unit.
    #[error("the amount is too small for a transfer")]
    TooSmall,
    /// More than an amount can be.
    #[error("the amount is too large for a transfer")]
    TooLarge,
    /// It has a third decimal, which accounts do not have.
    #[error("the amount has more decimals than the accounts")]
    ThirdDecimal,
}

impl Conversion {
    /// The amount that is transferred.
    ///
    /// # Errors
    /// [`NotTransferable`].
    pub fn convert(self, amount: BillAmount) -> Result<Amount, NotTransferable> {
        match self {
            Self::Same => amount.to_amount().ok_or(NotTransferable::ThirdDecimal),
            Self::At(rate) => {
                let converted = rate.convert(amount.money()).ok_or(NotTransferable::TooLarge)?;
                Amount::new(converted).map_err(|error| match error {
                    MoneyError::NotPositive => NotTransferable::TooSmall,
                    _ => NotTransferable::TooLarge,
                })
            }
        }
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
        let converted = |thousandths| rate.convert(BillMoney::from_thousandths(thousandths)).map(Money::minor);
        assert_eq!((converted(30), converted(-30), converted(20)), (Some(2), Some(-2), Some(1)));
        assert_eq!((converted(9), converted(10), converted(-29)), (Some(0), Some(1), Some(-1)));
        let largest = BillMoney::from_thousandths(i64::MAX);
        assert_eq!(Rate::from_json_number("1000000").unwrap().convert(largest), None);
    }

    #[test]
    fn an_amount_in_the_currency_of_the_accounts_is_transferred_exactly_or_not_at_all() {
        let convert = |conversion: Conversion, thousandths| {
            let amount = BillAmount::new(BillMoney::from_thousandths(thousandths)).unwrap();
            conversion.convert(amount).map(Amount::minor)
        };
        let at = |rate| Conversion::At(Rate::from_json_number(rate).unwrap());
        assert_eq!(convert(Conversion::Same, 1_230), Ok(123));
        assert_eq!(convert(Conversion::Same, 1_234), Err(NotTransferable::ThirdDecimal));
        assert_eq!((convert(at("1"), 1_234), convert(at("250.5"), 334)), (Ok(123), Ok(8_367)));
        assert_eq!(convert(at("0.01"), 1), Err(NotTransferable::TooSmall));
    }
}
