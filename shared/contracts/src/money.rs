//! Money: hundredths between accounts, thousandths on a bill.

use crate::decimal::Decimal;
pub use crate::decimal::MoneyError;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// An amount of money in an account, in minor units (kopecks, cents).
///
/// On the wire it is a JSON number in major units with at most two decimals, `499.90`.
///
/// Source: ISO 4217, column "minor unit", is 2 for every currency of accounts that a deployment may choose.
pub type Money = Decimal<2>;

/// An amount of money on a bill, in thousandths of a major unit: 1234 is 1.234 KWD, and 500000 is 500 JPY.
///
/// On the wire it is a JSON number in major units with at most three decimals. A bill is in any currency:
/// [`crate::currency::smallest_unit`] says in which steps.
///
/// Source: ISO 4217, column "minor unit", is at most 3 for every currency in use.
pub type BillMoney = Decimal<3>;

/// Thousandths in a hundredth.
const THOUSANDTHS: i64 = 10;

impl Money {
    /// Converts from minor units: 49990 is 499.90.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }
}

impl BillMoney {
    /// Converts from thousandths: 1234 is 1.234.
    pub const fn from_thousandths(thousandths: i64) -> Self {
        Self(thousandths)
    }

    /// Converts from hundredths: 49990 is 499.90. An amount beyond 64 bits becomes the largest one.
    pub const fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths.saturating_mul(THOUSANDTHS))
    }

    /// The amount in thousandths.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// The same amount in hundredths; `None` if it has a third decimal.
    ///
    /// ```
    /// use contracts::money::{BillMoney, Money};
    /// assert_eq!(BillMoney::from_thousandths(1230).to_money(), Some(Money::from_minor(123)));
    /// assert_eq!(BillMoney::from_thousandths(1234).to_money(), None);
    /// ```
    pub const fn to_money(self) -> Option<Money> {
        if self.0 % THOUSANDTHS == 0 { Some(Money::from_minor(self.0 / THOUSANDTHS)) } else { None }
    }
}

impl From<Money> for BillMoney {
    /// The same amount. One beyond 64 bits, which no account can hold, becomes the largest one.
    fn from(money: Money) -> Self {
        Self::from_hundredths(money.minor())
    }
}

/// An amount to be paid, with `PLACES` decimals: more than 0 and at most [`Positive::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Positive<const PLACES: u32>(Decimal<PLACES>);

/// An amount that moves between accounts.
pub type Amount = Positive<2>;

/// An amount to be paid for a bill.
pub type BillAmount = Positive<3>;

impl<const PLACES: u32> Positive<PLACES> {
    /// 10^12 major units.
    pub const MAX: Decimal<PLACES> = Decimal(1_000_000_000_000 * Decimal::<PLACES>::STEPS);

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`MoneyError::NotPositive`] or [`MoneyError::AboveMaximum`].
    pub fn new(money: Decimal<PLACES>) -> Result<Self, MoneyError> {
        if money <= Decimal::ZERO {
            Err(MoneyError::NotPositive)
        } else if money > Self::MAX {
            Err(MoneyError::AboveMaximum)
        } else {
            Ok(Self(money))
        }
    }

    /// The amount.
    pub const fn money(self) -> Decimal<PLACES> {
        self.0
    }

    /// Parses a JSON number in major units; see [`Decimal::from_json_number`].
    ///
    /// # Errors
    /// Those of [`Decimal::from_json_number`] and of [`Positive::new`].
    pub fn from_json_number(text: &str) -> Result<Self, MoneyError> {
        match Decimal::from_json_number(text) {
            Ok(money) => Self::new(money),
            Err(MoneyError::TooLarge) if text.starts_with('-') => Err(MoneyError::NotPositive),
            Err(MoneyError::TooLarge) => Err(MoneyError::AboveMaximum),
            Err(other) => Err(other),
        }
    }
}

impl Amount {
    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0.minor()
    }
}

impl BillAmount {
    /// The same amount between accounts; `None` if it has a third decimal.
    pub fn to_amount(self) -> Option<Amount> {
        self.0.to_money().and_then(|money| Amount::new(money).ok())
    }
}

impl<'de, const PLACES: u32> Deserialize<'de> for Positive<PLACES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Decimal::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<const PLACES: u32> fmt::Display for Positive<PLACES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::{Amount, BillAmount, BillMoney, Money};
    use std::borrow::Cow;
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    fn any(step: f64, description: &str) -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Number).multiple_of(Some(step));
        number.description(Some(description)).build().into()
    }

    fn positive(step: f64, description: &str) -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Number).multiple_of(Some(step));
        let bounded = number.exclusive_minimum(Some(0)).maximum(Some(1_000_000_000_000_i64));
        bounded.description(Some(description)).build().into()
    }

    impl PartialSchema for Money {
        fn schema() -> RefOr<Schema> {
            any(0.01, "Major units, at most two decimals.")
        }
    }

    impl ToSchema for Money {
        fn name() -> Cow<'static, str> {
            "Money".into()
        }
    }

    impl PartialSchema for BillMoney {
        fn schema() -> RefOr<Schema> {
            any(0.001, "Major units, with the decimals of the currency: at most three.")
        }
    }

    impl ToSchema for BillMoney {
        fn name() -> Cow<'static, str> {
            "BillMoney".into()
        }
    }

    impl PartialSchema for Amount {
        fn schema() -> RefOr<Schema> {
            positive(0.01, "Major units, more than 0, at most two decimals.")
        }
    }

    impl ToSchema for Amount {
        fn name() -> Cow<'static, str> {
            "Amount".into()
        }
    }

    impl PartialSchema for BillAmount {
        fn schema() -> RefOr<Schema> {
            positive(0.001, "Major units, more than 0, with the decimals of the currency: at most three.")
        }
    }

    impl ToSchema for BillAmount {
        fn name() -> Cow<'static, str> {
            "BillAmount".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_positive_and_bounded() {
        assert_eq!(Amount::from_json_number("0"), Err(MoneyError::NotPositive));
        assert_eq!(Amount::from_json_number("-5"), Err(MoneyError::NotPositive));
        assert_eq!(Amount::from_json_number("-1e400"), Err(MoneyError::NotPositive));
        assert_eq!(Amount::from_json_number("1000000000000").map(Amount::money), Ok(Amount::MAX));
        assert_eq!(Amount::from_json_number("1000000000000.01"), Err(MoneyError::AboveMaximum));
        assert_eq!(Amount::from_json_number("1e400"), Err(MoneyError::AboveMaximum));
        assert_eq!(BillAmount::from_json_number("1000000000000.001"), Err(MoneyError::AboveMaximum));
        assert_eq!(BillAmount::MAX, BillMoney::from(Amount::MAX));
    }

    #[test]
    fn an_amount_of_a_bill_moves_between_accounts_exactly_or_not_at_all() {
        let of = |text| BillAmount::from_json_number(text).unwrap().to_amount().map(Amount::minor);
        assert_eq!((of("1.23"), of("1.234"), of("1000000000000")), (Some(123), None, Some(100_000_000_000_000)));
        let largest = BillMoney::from_hundredths(i64::MAX);
        assert_eq!(largest, BillMoney::from_thousandths(i64::MAX));
    }
}
