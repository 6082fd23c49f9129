//! The currency of an amount, and which amounts can be paid in it.

use contracts::currency::{decimals, fits, smallest_unit};
use contracts::money::BillMoney;
use std::fmt;

/// Three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Parses a code; `None` if it does not have three capital letters.
    pub fn new(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals its amounts have: 0, 2 or 3.
    pub fn decimals(self) -> u32 {
        decimals(Some(self.as_str()))
    }

    /// The smallest amount that can be paid in it, in thousandths.
    pub fn smallest_unit(self) -> i64 {
        smallest_unit(Some(self.as_str()))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount has more decimals than its currency; `None` is that of the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWhole(Option<Currency>);

impl NotWhole {
    /// Checks an amount in a currency; `None` is that of the accounts.
    ///
    /// # Errors
    /// [`NotWhole`] if it is not a whole number of the smallest unit.
    pub fn check(amount: BillMoney, currency: Option<&str>) -> Result<(), Self> {
        if fits(amount, currency) { Ok(()) } else { Err(Self(currency.and_then(Currency::new))) }
    }
}

impl std::error::Error for NotWhole {}

impl fmt::Display for NotWhole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(currency) = self.0 else { return f.write_str("must have at most 2 decimals") };
        match currency.decimals() {
            0 => write!(f, "must be a whole number: amounts in {currency} have no decimals"),
            decimals => write!(f, "must have at most {decimals} decimals, as amounts in {currency} have"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_how_many_decimals_the_currency_has() {
        let refused = |thousandths, currency| {
            let refused = NotWhole::check(BillMoney::from_thousandths(thousandths), currency).unwrap_err();
            refused.to_string()
        };
        assert_eq!(refused(100_500, Some("JPY")), "must be a whole number: amounts in JPY have no decimals");
        assert_eq!(refused(1_005, Some("EUR")), "must have at most 2 decimals, as amounts in EUR have");
        assert_eq!(refused(1_005, None), "must have at most 2 decimals");
        assert_eq!(NotWhole::check(BillMoney::from_thousandths(1_005), Some("KWD")), Ok(()));
    }
}
