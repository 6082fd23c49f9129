//! The smallest amount of a currency.

/// Currencies without decimals: their smallest unit is a whole one.
///
/// Source: ISO 4217, list one, column "minor unit" 0.
const WITHOUT_DECIMALS: [&str; 17] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];

/// The smallest amount that can be paid in a currency, in hundredths.
pub fn smallest_unit(currency: Option<&str>) -> i64 {
    if currency.is_some_and(|currency| WITHOUT_DECIMALS.contains(&currency)) { 100 } else { 1 }
}
