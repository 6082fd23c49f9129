//! What a messenger shows of a link: `Cafe Luna, 5 Feb — 1,520.00 RUB`.

use super::decimals::digits;
use crate::domain::split::Split;
use contracts::money::BillMoney;
use time::Date;

/// The title of a preview. `accounts` is the currency of a bill that names none.
pub fn preview_title(split: &Split, accounts: &str, today: Date) -> String {
    let title = split.cheque.title();
    let name = match (title.merchant, title.purchased_on) {
        (Some(merchant), Some(date)) => format!("{merchant}, {}", day(date, today)),
        (Some(merchant), None) => merchant,
        (None, date) => format!("Bill of {}", day(date.unwrap_or(split.created_at.date()), today)),
    };
    if split.cheque.total_account.is_none() {
        return name;
    }
    let currency = split.cheque.currency.as_deref();
    format!("{name} — {} {}", amount(split.total(), currency), currency.unwrap_or(accounts))
}

/// `5 Feb`, with its year unless it is this one.
fn day(date: Date, today: Date) -> String {
    let month = date.month().to_string();
    let day = format!("{} {}", date.day(), &month[..3]);
    if date.year() == today.year() { day } else { format!("{day} {}", date.year()) }
}

/// `1,520.00`, with the decimals of the currency.
fn amount(money: BillMoney, currency: Option<&str>) -> String {
    let (sign, digits, decimals) = digits(money, currency);
    let mut whole = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            whole.push(',');
        }
        whole.push(digit);
    }
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixtures::split;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 29);

    fn preview(change: impl FnOnce(&mut Split)) -> String {
        let mut split = split(&[152_000]);
        change(&mut split);
        preview_title(&split, "RUB", TODAY)
    }

    #[test]
    fn a_preview_says_where_when_and_how_much() {
        let luna = |split: &mut Split| {
            split.cheque.merchant = Some("Cafe Luna".into());
            split.cheque.purchased_on = Some(date!(2026 - 02 - 05));
        };
        assert_eq!(preview(luna), "Cafe Luna, 5 Feb — 1,520.00 RUB");
        assert_eq!(preview(|split| split.cheque.merchant = Some("Luna".into())), "Luna — 1,520.00 RUB");
        let day = |split: &mut Split| split.cheque.purchased_on = Some(date!(2025 - 12 - 31));
        assert_eq!(preview(day), "Bill of 31 Dec 2025 — 1,520.00 RUB");
        assert_eq!(preview(|_| {}), "Bill of 21 Nov — 1,520.00 RUB", "the day when it was shared");
        assert_eq!(preview(|split| split.cheque.total_account = None), "Bill of 21 Nov");
        assert_eq!(preview(|split| split.cheque.currency = Some("JPY".into())), "Bill of 21 Nov — 1,520 JPY");
        assert_eq!(preview(|split| split.cheque.currency = Some("KWD".into())), "Bill of 21 Nov — 1,520.000 KWD");
    }

    #[test]
    fn thousands_are_separated() {
        let written = |minor| amount(BillMoney::from_hundredths(minor), None);
        assert_eq!([5, 99_999, 100_000, 123_456_789].map(written), ["0.05", "999.99", "1,000.00", "1,234,567.89"]);
        assert_eq!(written(-150), "-1.50");
    }
}
