//! A decimal number with a fixed number of decimals: an integer in memory, an exact JSON number on the wire.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// A decimal number with `PLACES` decimals, kept as an integer of its smallest steps; it may be negative or zero.
///
/// It is parsed digit by digit, never as a float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal<const PLACES: u32>(pub(crate) i64);

/// Why a JSON number is not money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a JSON number.
    #[error("must be a number")]
    NotANumber,
    /// More decimals than amounts have here.
    #[error("must have at most {} decimals", if *most == 2 { "two" } else { "three" })]
    TooManyDecimals {
        /// How many they have.
        most: u32,
    },
    /// More than 64 bits can hold.
    #[error("is too large")]
    TooLarge,
    /// Zero or negative, where a payment is expected.
    #[error("must be greater than 0")]
    NotPositive,
    /// More than [`Amount::MAX`](crate::money::Amount::MAX).
    #[error("must be at most 1000000000000")]
    AboveMaximum,
}

impl<const PLACES: u32> Decimal<PLACES> {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// Steps in one whole.
    pub(crate) const STEPS: i64 = 10_i64.pow(PLACES);

    /// The sum, or `None` beyond 64 bits.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The same amount with the opposite sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// Parses a JSON number in whole units, exactly.
    ///
    /// Only the value matters, not the notation: `5e2`, `500` and `500.000` are the same amount.
    ///
    /// ```
    /// use contracts::money::{Money, MoneyError};
    /// assert_eq!(Money::from_json_number("499.90"), Ok(Money::from_minor(49990)));
    /// assert_eq!(Money::from_json_number("499.999"), Err(MoneyError::TooManyDecimals { most: 2 }));
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
        let places = i64::try_from(fraction.len()).map_err(|_| MoneyError::TooManyDecimals { most: PLACES })?;
        let steps =
            scaled::<PLACES>(digits.trim_start_matches('0'), (exponent - places).saturating_add(PLACES.into()))?;
        Ok(Self(if negative { -steps } else { steps }))
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
fn scaled<const PLACES: u32>(digits: &str, shift: i64) -> Result<i64, MoneyError> {
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
    let too_many = MoneyError::TooManyDecimals { most: PLACES };
    let dropped = usize::try_from(-shift).map_err(|_| too_many)?;
    if dropped >= digits.len() {
        return Err(too_many);
    }
    let (leading, tail) = digits.split_at(digits.len() - dropped);
    if tail.bytes().any(|b| b != b'0') {
        return Err(too_many);
    }
    leading.parse().map_err(|_| MoneyError::TooLarge)
}

impl<const PLACES: u32> fmt::Display for Decimal<PLACES> {
    /// Whole units, without decimals or with at least two: `500`, `499.90`, `-0.05`, `1.234`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (steps, whole) = (self.0.unsigned_abs(), Self::STEPS.unsigned_abs());
        let (whole, rest) = (steps / whole, steps % whole);
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut decimals = format!("{rest:0width$}", width = PLACES as usize);
        while decimals.len() > 2 && decimals.ends_with('0') {
            decimals.pop();
        }
        write!(f, "{sign}{whole}.{decimals}")
    }
}

impl<const PLACES: u32> Serialize for Decimal<PLACES> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de, const PLACES: u32> Deserialize<'de> for Decimal<PLACES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json_number(number.get()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Money = Decimal<2>;
    type BillMoney = Decimal<3>;

    #[test]
    fn notations_of_the_same_value_are_the_same_amount() {
        for text in ["500", "500.0", "500.00", "500.000", "5e2", "5E+2", "0.5e3", "50000e-2"] {
            assert_eq!(Money::from_json_number(text), Ok(Money::from_minor(50_000)), "{text}");
            assert_eq!(BillMoney::from_json_number(text), Ok(BillMoney::from_thousandths(500_000)), "{text}");
        }
        assert_eq!(Money::from_json_number("0e99999999999"), Ok(Money::ZERO));
        assert_eq!(Money::from_json_number("-0.05"), Ok(Money::from_minor(-5)));
        assert_eq!(BillMoney::from_json_number("-0.005"), Ok(BillMoney::from_thousandths(-5)));
    }

    #[test]
    fn invalid_amounts_are_rejected() {
        use MoneyError::{NotANumber, TooLarge, TooManyDecimals};
        let too_many = TooManyDecimals { most: 2 };
        let refused = [
            ("\"abc\"", NotANumber),
            ("true", NotANumber),
            ("null", NotANumber),
            ("", NotANumber),
            ("1.", NotANumber),
            (".5", NotANumber),
            ("1e", NotANumber),
            ("+1", NotANumber),
            ("499.999", too_many),
            ("1e-3", too_many),
            ("1e-99999999999", too_many),
            ("1e400", TooLarge),
            ("1e99999999999", TooLarge),
            ("92233720368547758.08", TooLarge),
        ];
        for (text, error) in refused {
            assert_eq!(Money::from_json_number(text), Err(error), "{text}");
        }
        assert_eq!(BillMoney::from_json_number("1.2345"), Err(TooManyDecimals { most: 3 }));
        assert_eq!(BillMoney::from_json_number("9223372036854775.808"), Err(TooLarge));
    }

    #[test]
    fn a_third_decimal_is_written_only_if_there_is_one() {
        let written = |thousandths| BillMoney::from_thousandths(thousandths).to_string();
        assert_eq!([1_000, 1_500, 1_050, 1_234, -5].map(written), ["1", "1.50", "1.05", "1.234", "-0.005"]);
    }

    proptest! {
        #[test]
        fn every_amount_is_serialised_exactly(steps in any::<i64>().prop_filter("has a negative", |m| *m != i64::MIN)) {
            let (money, bill_money) = (Money::from_minor(steps), BillMoney::from_thousandths(steps));
            let wire = serde_json::to_string(&money).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&wire).unwrap(), money);
            let wire = serde_json::to_string(&bill_money).unwrap();
            prop_assert_eq!(serde_json::from_str::<BillMoney>(&wire).unwrap(), bill_money);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = Money::from_json_number(&text);
            let _ = BillMoney::from_json_number(&text);
        }
    }
}
