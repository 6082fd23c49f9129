//! Amounts with the decimals of their currency, as text.

use contracts::currency::decimals;
use contracts::money::BillMoney;

/// The sign, the whole part and the decimals of an amount: as many as the currency has, or more if the amount has more.
pub(super) fn digits(amount: BillMoney, currency: Option<&str>) -> (&'static str, String, String) {
    let (sign, thousandths) = (if amount < BillMoney::ZERO { "-" } else { "" }, amount.thousandths().unsigned_abs());
    let mut fraction = format!("{:03}", thousandths % 1_000);
    while fraction.len() > decimals(currency) as usize && fraction.ends_with('0') {
        fraction.pop();
    }
    // A single decimal looks like a mistake.
    if fraction.len() == 1 {
        fraction.push('0');
    }
    (sign, (thousandths / 1_000).to_string(), fraction)
}
