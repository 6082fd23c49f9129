//! The rate at which a bill in another currency is settled between accounts.

use super::split::Split;
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

/// Why the rate cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RateRefusal {
    /// A participant has settled or is settling.
    #[error("somebody has paid: the rate is fixed")]
    SettlementStarted,
}

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

impl Split {
    /// Sets the rate for a bill in another currency; without one its dues can only be paid in cash. `None` if nothing
    /// changes.
    ///
    /// # Errors
    /// [`RateRefusal`].
    pub fn set_rate(&self, rate: Option<Rate>) -> Result<Option<Self>, RateRefusal> {
        if self.is_frozen() {
            return Err(RateRefusal::SettlementStarted);
        }
        Ok((self.rate != rate).then(|| Self { rate, ..self.next() }))
    }

    /// The rate at which dues are transferred between accounts in the currency `accounts`. `None` if the owner has still
    /// to name one. A bill without a currency is in that of the accounts.
    pub fn rate_to(&self, accounts: &str) -> Option<Rate> {
        match self.cheque.currency.as_deref() {
            Some(currency) if currency != accounts => self.rate,
            Some(_) | None => Some(Rate::SAME),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::correct::{Change, Correction};
    use crate::domain::fixtures::{split, transfer, user};
    use crate::domain::fraction::Fraction;
    use crate::domain::participant::ParticipantId;
    use crate::domain::settle::{Agreed, SettleRefusal};

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

    #[test]
    fn another_currency_is_transferred_only_at_a_rate_that_the_owner_named() {
        let ann = ParticipantId(2);
        let mut euros = split(&[15_200]).with_user(7).claimed(ann, 1, Fraction::WHOLE);
        euros.cheque.currency = Some("EUR".into());
        let settle = |split: &Split, minor| {
            split.settle(user(7), None, Agreed::Amount(Money::from_minor(minor)), "RUB", transfer(1))
        };
        assert_eq!(settle(&euros, 15_200), Err(SettleRefusal::NoRate));
        assert!(euros.paid_cash(ann, Agreed::Amount(Money::from_minor(15_200))).is_ok());
        let rate = Rate::from_json_number("98.50").unwrap();
        let rated = euros.set_rate(Some(rate)).unwrap().unwrap();
        let due = Money::from_minor(1_497_200);
        assert_eq!(settle(&rated, 15_200), Err(SettleRefusal::NotAgreed { due }), "what leaves the account is agreed");
        let (paying, requested) = settle(&rated, 1_497_200).unwrap();
        assert_eq!(requested.amount.money(), due);
        assert_eq!(paying.set_rate(None), Err(RateRefusal::SettlementStarted));
        let paid = paying.transfer_completed(transfer(1)).unwrap();
        assert_eq!(paid.participant(ann).unwrap().settlement.paid(), Money::from_minor(15_200));
        assert!(paid.is_settled(&paid.dues()));
        let other = Correction { currency: Change::Set("USD".into()), ..Correction::default() };
        assert_eq!(rated.correct(other).unwrap().unwrap().rate, None, "a rate is for one currency");
    }
}
