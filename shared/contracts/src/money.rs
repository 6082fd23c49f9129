//! Money: an integer of minor units in memory, an exact JSON number in major units on the wire.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// Decimals of the currency: 100 minor units are one major unit.
///
/// Source: ISO 4217, column "minor unit", is 2 for every currency a deployment may choose today.
const DECIMALS: i64 = 2;
const MINOR_PER_MAJOR: i64 = 100;

/// An amount of money in minor units (kopecks, cents); it may be negative or zero.
///
/// On the wire it is a JSON number in major units with at most two decimals, `499.90`. It is parsed digit by digit,
/// never as a float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why a JSON number is not money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a JSON number.
    #[error("must be a number")]
    NotANumber,
    /// A fraction of a minor unit.
    #[error("must have at most two decimals")]
    TooManyDecimals,
    /// More minor units than 64 bits can hold.
    #[error("is too large")]
    TooLarge,
    /// Zero or negative, where a payment is expected.
    #[error("must be greater than 0")]
    NotPositive,
    /// More than [`Amount::MAX`].
    #[error("must be at most 1000000000000")]
    AboveMaximum,
}

impl Money {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Converts from minor units: 49990 is 499.90.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The sum, or `None` beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The same amount with the opposite sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Parses a JSON number in major units, exactly.
    ///
    /// Only the value matters, not the notation: `5e2`, `500` and `500.000` are the same amount.
    ///
    /// ```
    /// use contracts::money::{Money, MoneyError};
    /// assert_eq!(Money::from_json_number("499.90"), Ok(Money::from_minor(49990)));
    /// assert_eq!(Money::from_json_number("499.999"), Err(MoneyError::TooManyDecimals));
    /// assert_eq!(Money::from_json_number("1e400"), Err(MoneyError::TooLarge));
    /// ```
    ///
    /// # Errors
    /// [`MoneyError::NotANumber`], [`MoneyError::TooManyDecimals`] or [`MoneyError::TooLarge`].
    pub fn from_json_number(text: &str) -> Result<Self, MoneyError> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(MoneyError::NotANumber),
            None => (mantissa, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyError::NotANumber);
        }
        let digits = format!("{whole}{fraction}");
        let places = i64::try_from(fraction.len()).map_err(|_| MoneyError::TooManyDecimals)?;
        let minor = scaled(digits.trim_start_matches('0'), (exponent - places).saturating_add(DECIMALS))?;
        Ok(Self(if negative { -minor } else { minor }))
    }
}

/// Parses the digits after `e`. Anything beyond +-100000 is outside the range of money in any case.
fn parse_exponent(text: &str) -> Result<i64, MoneyError> {
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(MoneyError::NotANumber);
    }
    let magnitude = digits.trim_start_matches('0');
    let magnitude = if magnitude.len() > 5 { 100_000 } else { magnitude.parse().unwrap_or(0) };
    Ok(sign * magnitude)
}

/// `digits * 10^shift`, exactly. `digits` has no leading zeros.
fn scaled(digits: &str, shift: i64) -> Result<i64, MoneyError> {
    if digits.is_empty() {
        return Ok(0);
    }
    if shift >= 0 {
        let zeros = usize::try_from(shift).map_err(|_| MoneyError::TooLarge)?;
        if digits.len() + zeros > 19 {
            return Err(MoneyError::TooLarge);
        }
        return format!("{digits}{}", "0".repeat(zeros)).parse().map_err(|_| MoneyError::TooLarge);
    }
    let dropped = usize::try_from(-shift).map_err(|_| MoneyError::TooManyDecimals)?;
    if dropped >= digits.len() {
        return Err(MoneyError::TooManyDecimals);
    }
    let (leading, tail) = digits.split_at(digits.len() - dropped);
    if tail.bytes().any(|b| b != b'0') {
        return Err(MoneyError::TooManyDecimals);
    }
    leading.parse().map_err(|_| MoneyError::TooLarge)
}

impl fmt::Display for Money {
    /// Major units: `500`, `499.90`, `-0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        let (whole, rest) = (minor / MINOR_PER_MAJOR.unsigned_abs(), minor % MINOR_PER_MAJOR.unsigned_abs());
        if rest == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{rest:02}") }
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json_number(number.get()).map_err(D::Error::custom)
    }
}

/// An amount to be paid: more than 0 and at most [`Amount::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Amount(Money);

impl Amount {
    /// 10^12 major units.
    pub const MAX: Money = Money(1_000_000_000_000 * MINOR_PER_MAJOR);

    /// Checks the bounds.
    ///
    /// # Errors
    /// [`MoneyError::NotPositive`] or [`MoneyError::AboveMaximum`].
    pub fn new(money: Money) -> Result<Self, MoneyError> {
        if money <= Money::ZERO {
            Err(MoneyError::NotPositive)
        } else if money > Self::MAX {
            Err(MoneyError::AboveMaximum)
        } else {
            Ok(Self(money))
        }
    }

    /// The amount.
    pub const fn money(self) -> Money {
        self.0
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.0.minor()
    }

    /// Parses a JSON number in major units; see [`Money::from_json_number`].
    ///
    /// # Errors
    /// Those of [`Money::from_json_number`] and of [`Amount::new`].
    pub fn from_json_number(text: &str) -> Result<Self, MoneyError> {
        match Money::from_json_number(text) {
            Ok(money) => Self::new(money),
            Err(MoneyError::TooLarge) if text.starts_with('-') => Err(MoneyError::NotPositive),
            Err(MoneyError::TooLarge) => Err(MoneyError::AboveMaximum),
            Err(other) => Err(other),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Money::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::{Amount, Money};
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    fn number() -> ObjectBuilder {
        ObjectBuilder::new().schema_type(Type::Number).multiple_of(Some(0.01))
    }

    impl PartialSchema for Money {
        fn schema() -> RefOr<Schema> {
            number().description(Some("Major units, at most two decimals.")).build().into()
        }
    }

    impl ToSchema for Money {}

    impl PartialSchema for Amount {
        fn schema() -> RefOr<Schema> {
            number()
                .exclusive_minimum(Some(0))
                .maximum(Some(1_000_000_000_000_i64))
                .description(Some("Major units, more than 0, at most two decimals."))
                .build()
                .into()
        }
    }

    impl ToSchema for Amount {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn notations_of_the_same_value_are_the_same_amount() {
        for text in ["500", "500.0", "500.00", "500.000", "5e2", "5E+2", "0.5e3", "50000e-2"] {
            assert_eq!(Money::from_json_number(text), Ok(Money::from_minor(50_000)), "{text}");
        }
        assert_eq!(Money::from_json_number("0e99999999999"), Ok(Money::ZERO));
        assert_eq!(Money::from_json_number("-0.05"), Ok(Money::from_minor(-5)));
    }

    #[test]
    fn invalid_amounts_are_rejected() {
        use MoneyError::{NotANumber, TooLarge, TooManyDecimals};
        let refused = [
            ("\"abc\"", NotANumber),
            ("true", NotANumber),
            ("null", NotANumber),
            ("", NotANumber),
            ("1.", NotANumber),
            (".5", NotANumber),
            ("1e", NotANumber),
            ("+1", NotANumber),
            ("499.999", TooManyDecimals),
            ("1e-3", TooManyDecimals),
            ("1e-99999999999", TooManyDecimals),
            ("1e400", TooLarge),
            ("1e99999999999", TooLarge),
            ("92233720368547758.08", TooLarge),
        ];
        for (text, error) in refused {
            assert_eq!(Money::from_json_number(text), Err(error), "{text}");
        }
    }

    #[test]
    fn an_amount_is_positive_and_bounded() {
        assert_eq!(Amount::from_json_number("0"), Err(MoneyError::NotPositive));
        assert_eq!(Amount::from_json_number("-5"), Err(MoneyError::NotPositive));
        assert_eq!(Amount::from_json_number("-1e400"), Err(MoneyError::NotPositive));
        assert_eq!(Amount::from_json_number("1000000000000").map(Amount::money), Ok(Amount::MAX));
        assert_eq!(Amount::from_json_number("1000000000000.01"), Err(MoneyError::AboveMaximum));
        assert_eq!(Amount::from_json_number("1e400"), Err(MoneyError::AboveMaximum));
    }

    proptest! {
        #[test]
        fn every_amount_is_serialised_exactly(minor in any::<i64>().prop_filter("has a negative", |m| *m != i64::MIN)) {
            let money = Money::from_minor(minor);
            let wire = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&wire).unwrap(), money);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = Money::from_json_number(&text);
        }
    }
}
