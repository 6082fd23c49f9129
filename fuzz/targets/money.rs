//! Fuzzes the parser of amounts in JSON: an accepted amount is exact, and its canonical notation has the same value.

#![no_main]

use contracts::decimal::Decimal;
use contracts::money::{Amount, BillMoney, Money, MoneyError};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|text: &str| {
    check::<2>(text);
    check::<3>(text);
    let read = Money::from_json_number(text);
    if let Ok(amount) = Amount::from_json_number(text) {
        assert!(amount.minor() > 0 && amount.money() <= Amount::MAX, "{text}");
        assert_eq!(read, Ok(amount.money()), "{text}");
        assert_eq!(BillMoney::from_json_number(text), Ok(amount.money().into()), "{text} on a bill");
    }
});

fn check<const PLACES: u32>(text: &str) {
    let read = Decimal::<PLACES>::from_json_number(text);
    if let Ok(money) = read {
        let spelled = money.to_string();
        assert_eq!(Decimal::from_json_number(&spelled), Ok(money), "{text} is spelled {spelled}");
        assert_eq!(serde_json::from_str::<Decimal<PLACES>>(&spelled).ok(), Some(money), "{text} in JSON");
    }
    // A text that is a number in JSON is never rejected as not a number.
    let is_json = |raw: &RawValue| raw.get() == text && text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    if serde_json::from_str::<&RawValue>(text).is_ok_and(is_json) {
        assert_ne!(read, Err(MoneyError::NotANumber), "{text}");
    }
}
