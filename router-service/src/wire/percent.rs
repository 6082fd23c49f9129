//! Percentages in JSON: numbers from 0 to 100 with at most two decimals.

use crate::domain::method::BasisPoints;
use contracts::money::Money;
use serde::{Serialize, Serializer};

/// A percentage in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, utoipa::ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 100, multiple_of = 0.01)]
pub struct Percent(pub BasisPoints);

impl Percent {
    /// Parses a JSON number exactly.
    ///
    /// # Errors
    /// A message that describes the error.
    pub fn from_json_number(text: &str) -> Result<BasisPoints, String> {
        // Hundredths of a percent are parsed like hundredths of a currency unit.
        let hundredths = Money::from_json_number(text).map_err(|error| error.to_string())?;
        BasisPoints::new(hundredths.minor()).map_err(|error| error.to_string())
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Money::from_minor(self.0.get().into()).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_have_two_decimals() {
        let read = |text| Percent::from_json_number(text).map(BasisPoints::get);
        assert_eq!(read("62.5"), Ok(6_250));
        assert_eq!(read("100"), Ok(10_000));
        for text in ["100.01", "-1", "0.001", "\"10\"", "null"] {
            assert!(read(text).is_err(), "{text}");
        }
        let points = BasisPoints::new(6_250).unwrap();
        assert_eq!(serde_json::to_string(&Percent(points)).unwrap(), "62.50");
    }
}
