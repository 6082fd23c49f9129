//! How many decimals the amounts of a currency have.

use crate::money::BillMoney;

/// Source: ISO 4217, list one, column "minor unit" 0.
const WITHOUT_DECIMALS: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];

/// Source: ISO 4217, list one, column "minor unit" 3.
const WITH_THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// How many decimals amounts in this currency have: 0, 2 or 3. A bill without a currency is in that of the accounts, which
/// has 2.
///
/// ```
/// use contracts::currency::decimals;
/// assert_eq!([Some("JPY"), Some("EUR"), Some("KWD"), None].map(decimals), [0, 2, 3, 2]);
/// ```
pub fn decimals(currency: Option<&str>) -> u32 {
    match currency {
        Some(currency) if WITHOUT_DECIMALS.contains(&currency) => 0,
        Some(currency) if WITH_THREE_DECIMALS.contains(&currency) => 3,
        Some(_) | None => 2,
    }
}

/// The smallest amount that can be paid in a currency, in thousandths: 1000, 10 or 1.
pub fn smallest_unit(currency: Option<&str>) -> i64 {
    10_i64.pow(3 - decimals(currency))
}

/// Whether an amount can be paid in this currency: it is a whole number of its smallest unit.
pub fn fits(amount: BillMoney, currency: Option<&str>) -> bool {
    amount.thousandths() % smallest_unit(currency) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_fits_a_currency_with_as_many_decimals() {
        let fits = |text, currency| fits(BillMoney::from_json_number(text).unwrap(), Some(currency));
        assert!(fits("100", "JPY") && fits("1.05", "EUR") && fits("1.005", "KWD") && fits("-1.005", "TND"));
        assert!(!fits("100.5", "JPY") && !fits("1.005", "EUR") && !fits("-0.01", "KRW"));
    }
}
