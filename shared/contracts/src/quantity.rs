//! A quantity: an integer of thousandths in memory, an exact JSON number on the wire.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

const THOUSANDTHS: i64 = 1000;

/// A quantity of servings, litres or kilograms, exact to a thousandth: `1`, `0.4`, `1.235`. Never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i64);

/// Why a JSON number is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a JSON number, or one with an exponent.
    #[error("must be a number")]
    NotANumber,
    /// More than three decimals.
    #[error("must have at most three decimals")]
    TooManyDecimals,
    /// Zero, negative, or more than [`Quantity::MAX`].
    #[error("must be more than 0 and at most 1000000")]
    OutOfBounds,
}

impl Quantity {
    /// One serving.
    pub const ONE: Self = Self(THOUSANDTHS);
    /// A million servings.
    pub const MAX: Self = Self(1_000_000 * THOUSANDTHS);

    /// Converts from thousandths: 400 is 0.4.
    ///
    /// # Errors
    /// [`QuantityError::OutOfBounds`] below 1 and above [`Quantity::MAX`].
    pub fn from_thousandths(thousandths: i64) -> Result<Self, QuantityError> {
        if (1..=Self::MAX.0).contains(&thousandths) { Ok(Self(thousandths)) } else { Err(QuantityError::OutOfBounds) }
    }

    /// The quantity in thousandths.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// Parses a JSON number, exactly.
    ///
    /// ```
    /// use contracts::quantity::{Quantity, QuantityError};
    /// assert_eq!(Quantity::from_json_number("1.235").map(Quantity::thousandths), Ok(1235));
    /// assert_eq!(Quantity::from_json_number("0.0001"), Err(QuantityError::TooManyDecimals));
    /// ```
    ///
    /// # Errors
    /// [`QuantityError`].
    pub fn from_json_number(text: &str) -> Result<Self, QuantityError> {
        if text.starts_with('-') {
            return Err(QuantityError::OutOfBounds);
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return Err(QuantityError::NotANumber),
            None => (text, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return Err(QuantityError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 3 {
            return Err(QuantityError::TooManyDecimals);
        }
        let whole: i64 = whole.parse().map_err(|_| QuantityError::OutOfBounds)?;
        let thousandths: i64 = format!("{fraction:0<3}").parse().map_err(|_| QuantityError::NotANumber)?;
        let total = whole.checked_mul(THOUSANDTHS).and_then(|whole| whole.checked_add(thousandths));
        Self::from_thousandths(total.ok_or(QuantityError::OutOfBounds)?)
    }
}

impl fmt::Display for Quantity {
    /// Without trailing zeros: `1`, `0.4`, `1.235`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / THOUSANDTHS, self.0 % THOUSANDTHS);
        if rest == 0 {
            write!(f, "{whole}")
        } else {
            write!(f, "{whole}.{}", format!("{rest:03}").trim_end_matches('0'))
        }
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Box::<RawValue>::deserialize(deserializer)?;
        Self::from_json_number(number.get()).map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
mod schema {
    use super::Quantity;
    use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    impl PartialSchema for Quantity {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::Number)
                .exclusive_minimum(Some(0))
                .maximum(Some(1_000_000_i64))
                .multiple_of(Some(0.001))
                .description(Some("Servings, litres or kilograms; at most three decimals."))
                .build()
                .into()
        }
    }

    impl ToSchema for Quantity {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn invalid_quantities_are_rejected() {
        for text in ["", "1.", ".5", "1e3", "one", "null", "+1"] {
            assert_eq!(Quantity::from_json_number(text), Err(QuantityError::NotANumber), "{text}");
        }
        for text in ["0", "0.000", "-1", "1000000.001", "99999999999999999999"] {
            assert_eq!(Quantity::from_json_number(text), Err(QuantityError::OutOfBounds), "{text}");
        }
        assert_eq!(Quantity::from_json_number("1.2345"), Err(QuantityError::TooManyDecimals));
        assert_eq!(Quantity::from_json_number("1.2350"), Quantity::from_thousandths(1235));
    }

    proptest! {
        #[test]
        fn every_quantity_is_serialised_exactly(thousandths in 1..=Quantity::MAX.thousandths()) {
            let quantity = Quantity::from_thousandths(thousandths).unwrap();
            let wire = serde_json::to_string(&quantity).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quantity>(&wire).unwrap(), quantity);
        }
    }
}
