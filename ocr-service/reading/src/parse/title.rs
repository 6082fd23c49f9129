//! What the bill is called: the name above its lines, and its date.

use super::merchant::merchant;
use super::parsed::Parsed;
use super::purchased_on::purchased_on;
use crate::layout::rows::{Row, rows};
use crate::word::Pass;
use contracts::title::Title;
use time::Date;

/// Reads the merchant and the date from the passes over a page whose lines are known. What is not certain is left out:
/// a wrong name is worse than none.
pub fn title(passes: &[Pass], parsed: &Parsed, today: Date) -> Title {
    let pages: Vec<Vec<Row>> = passes.iter().map(|pass| rows(&pass.words)).collect();
    let lines_top = parsed.places.iter().flatten().map(|place| place.top).reduce(f32::min);
    Title {
        merchant: merchant(&pages, lines_top),
        purchased_on: purchased_on(&pages, parsed.cheque.currency.as_deref(), today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::cheque;
    use crate::parse::drawn::pass;
    use contracts::title::MERCHANT_CHARACTERS_MAX;
    use proptest::prelude::*;
    use time::macros::date;

    #[test]
    fn a_bill_is_called_by_its_merchant_and_its_day() {
        let slip = "     Кафе Луна\n  г. Казань, ул. Баумана 12\n05.02.2026 20:14   Стол 7\n\
                    Чай с чабрецом     2    150,00    300,00\nСуп дня            1    420,00    420,00\n\
                    Хлеб               1     80,00     80,00\nИтого к оплате:                   800,00\n\
                    Спасибо за визит!";
        let passes = [pass(slip), pass(slip)];
        let called = title(&passes, &cheque(&passes), date!(2026 - 11 - 29));
        assert_eq!(called, Title { merchant: Some("Кафе Луна".into()), purchased_on: Some(date!(2026 - 02 - 05)) });
    }

    #[test]
    fn a_page_without_text_has_no_title() {
        assert_eq!(title(&[], &cheque(&[]), date!(2026 - 11 - 29)), Title::default());
    }

    proptest! {
        #[test]
        fn any_page_has_a_short_name_with_letters_or_none(slip in "([A-Za-zА-я0-9.«»()/ -]{0,30}\n|\\PC{0,30}\n){0,8}") {
            let passes = [pass(&slip)];
            let called = title(&passes, &cheque(&passes), date!(2026 - 11 - 29));
            if let Some(name) = called.merchant {
                let length = name.chars().count();
                prop_assert!(length <= MERCHANT_CHARACTERS_MAX && name.trim() == name && !name.chars().any(char::is_control));
                prop_assert!(name.chars().filter(|letter| letter.is_alphabetic()).count() >= 3, "{}", name);
            }
        }
    }
}
