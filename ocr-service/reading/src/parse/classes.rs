//! Classifies rows by their words in Russian, English and German.

use super::fold::{Phrase, Strictness, Windows, normalize};
use super::phrases::{PHRASES, Sign};
use std::sync::LazyLock;

/// The class of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The total, with the strength of its word: 100 for "to be paid", 60 for just "sum".
    Total(u8),
    /// The amount owed by one of several guests.
    GuestTotal,
    /// The sum of the lines before tax, service or discount.
    Subtotal,
    /// Number of purchased items.
    QuantityTotal,
    Service,
    Discount,
    Tip,
    Tax,
    /// Tax included in the total, or text about tax.
    TaxIncluded,
    /// The head of a tax table.
    TaxTable,
    Rounding,
    /// Offers of tips: the amounts of this row and of rows with percentages below are not owed.
    Suggestion,
    Cash,
    Change,
    Card,
    /// `Гость 2`: the lines below belong to this guest.
    Guest,
    /// Date, table, waiter, address.
    Info,
    /// None of these: possibly a line of the cheque.
    Plain,
}

/// Largest distance of a sign from the beginning of the row, in words.
const fn reach(sign: Sign) -> usize {
    match sign {
        Sign::Payable | Sign::Total | Sign::Sub | Sign::Service | Sign::Round | Sign::Suggestion => 3,
        Sign::Includes | Sign::Excludes | Sign::Quantity | Sign::TaxTable | Sign::Guest => 9,
        Sign::Tax | Sign::Discount => 2,
        Sign::Sum | Sign::Tip | Sign::Cash | Sign::Change | Sign::Card | Sign::Info | Sign::Lines => 1,
    }
}

static SIGNS: LazyLock<Vec<(Sign, Vec<Phrase>)>> = LazyLock::new(|| {
    PHRASES.iter().map(|(sign, phrases)| (*sign, phrases.split('|').map(Phrase::new).collect())).collect()
});

/// How exactly the words of a sign must be spelled.
const fn strictness(sign: Sign) -> Strictness {
    match sign {
        Sign::Includes | Sign::Excludes => Strictness::Strict,
        Sign::Cash
        | Sign::Card
        | Sign::Change
        | Sign::Tip
        | Sign::Info
        | Sign::Discount
        | Sign::Quantity
        | Sign::Guest
        | Sign::Lines => Strictness::Close,
        Sign::Payable
        | Sign::Total
        | Sign::Sum
        | Sign::Sub
        | Sign::Tax
        | Sign::Service
        | Sign::Round
        | Sign::Suggestion
        | Sign::TaxTable => Strictness::Loose,
    }
}

/// The words of a row as recognised by one pass, with the signs found in them.
#[derive(Clone, Debug)]
pub(crate) struct ClassifiedWords {
    words: Vec<String>,
    signs: Vec<Sign>,
}

impl ClassifiedWords {
    /// Classifies normalised words.
    pub(crate) fn of(words: Vec<String>) -> Self {
        let windows = Windows::of(&words);
        // Leading symbols and a count before the first word do not count towards the distance.
        let lead = words.iter().take_while(|word| word.chars().count() < 3).count().min(3);
        let matches_phrase = |sign: Sign, phrases: &[Phrase]| {
            let reach = if strictness(sign) == Strictness::Strict { 99 } else { reach(sign) + lead };
            phrases.iter().any(|phrase| windows.have(phrase, 0..reach, strictness(sign)))
        };
        let signs =
            SIGNS.iter().filter(|(sign, phrases)| matches_phrase(*sign, phrases)).map(|(sign, _)| *sign).collect();
        Self { words, signs }
    }

    /// Whether there is a word that was hardly misread beyond recognition.
    fn is_legible(&self) -> bool {
        self.words.iter().any(|word| word.chars().filter(|letter| letter.is_alphabetic()).count() >= 4)
    }

    /// The normalised words.
    pub(crate) fn words(&self) -> &[String] {
        &self.words
    }
}

/// The class of a row, from the words of all passes, and from its last amount (in hundredths) if it has one.
pub(crate) fn class(classified: &[ClassifiedWords], amount: Option<i64>) -> Class {
    let mut best = Class::Plain;
    let classes: Vec<Class> = classified.iter().map(|classified| class_of(classified, amount)).collect();
    // One of many passes that misreads a dish as "total" would end the lines there.
    let ends = |class: &&Class| !matches!(class, Class::Plain | Class::Info | Class::Guest);
    let dissent = classes.iter().zip(classified).filter(|(class, words)| **class == Class::Plain && words.is_legible());
    if dissent.count() > 2 * classes.iter().filter(ends).count() {
        return if classes.iter().all(|class| *class == Class::Plain || ends(&class)) {
            Class::Plain
        } else {
            Class::Info
        };
    }
    for class in classes {
        match class {
            Class::Plain => {}
            Class::Info | Class::Guest => best = if best == Class::Plain { Class::Info } else { best },
            Class::Total(strength) => match best {
                Class::Total(known) if known >= strength => {}
                Class::Plain | Class::Info | Class::Total(_) => best = Class::Total(strength),
                _ => {}
            },
            other if matches!(best, Class::Plain | Class::Info) => best = other,
            _ => {}
        }
    }
    best
}

fn class_of(classified: &ClassifiedWords, amount: Option<i64>) -> Class {
    let words = &classified.words;
    let has = |wanted: Sign| classified.signs.contains(&wanted);
    let (total, tax) = (has(Sign::Total), has(Sign::Tax) || (has(Sign::Includes) && words.len() > 2));
    let payable = has(Sign::Payable);
    if has(Sign::Suggestion) {
        return Class::Suggestion;
    }
    if has(Sign::TaxTable) {
        let taxable = words.iter().any(|word| word.starts_with("taxable"));
        match amount {
            None => return Class::TaxTable,
            // `GST payable 0.33` resembles `GST taxable`; a head of a table has no amount.
            Some(_) if has(Sign::Tax) && !taxable && !total => return Class::Tax,
            Some(_) if taxable || !total => return Class::TaxIncluded,
            Some(_) => {}
        }
    }
    if has(Sign::Guest) {
        return if payable || total || has(Sign::Sum) { Class::GuestTotal } else { Class::Guest };
    }
    // "Total rounded" is the total, "rounding" only the added amount; 99 Speed Mart calls the total "rounding".
    let small = amount.is_none_or(|amount| amount.abs() < 100);
    if has(Sign::Round) && (!payable || small) {
        let adjusts = words.iter().any(|word| word.starts_with("adj"));
        return if small || adjusts || !total { rounding(small || adjusts, amount) } else { Class::Total(100) };
    }
    if payable {
        return Class::Total(100);
    }
    if has(Sign::Sub) || (total && has(Sign::Excludes)) {
        return Class::Subtotal;
    }
    if has(Sign::Discount) {
        return Class::Discount;
    }
    if total {
        return total_class(words, tax && !has(Sign::Includes), has(Sign::Quantity), has(Sign::Includes));
    }
    if has(Sign::Service) && !(tax && has_word(words, "tax")) {
        return Class::Service;
    }
    let class = single(&has);
    // Opening hours look like sums: `9.00 Uhr - 20.00 Uhr`.
    if class == Class::Plain && words.iter().any(|word| word == "nnr") { Class::Info } else { class }
}

fn has_word(words: &[String], word: &str) -> bool {
    words.iter().any(|found| *found == normalize(word))
}

fn rounding(small: bool, amount: Option<i64>) -> Class {
    if small || amount.is_some_and(|amount| amount <= 0) { Class::Rounding } else { Class::Total(85) }
}

/// The class of a row that says "total".
fn total_class(words: &[String], tax: bool, quantity: bool, includes: bool) -> Class {
    let matches_phrase = |word: &str| has_word(words, word);
    if includes && (matches_phrase("includes") || matches_phrase("included")) {
        Class::TaxIncluded
    } else if quantity {
        Class::QuantityTotal
    } else if tax {
        Class::Tax
    } else if includes {
        Class::Total(80)
    } else {
        Class::Total(90)
    }
}

fn single(has: &impl Fn(Sign) -> bool) -> Class {
    let classes = [
        (Sign::Change, Class::Change),
        (Sign::Card, Class::Card),
        (Sign::Cash, Class::Cash),
        (Sign::Tip, Class::Tip),
        (Sign::Lines, Class::Info),
        (Sign::Sum, Class::Total(60)),
        (Sign::Info, Class::Info),
    ];
    if has(Sign::Tax) {
        return if has(Sign::Includes) { Class::TaxIncluded } else { Class::Tax };
    }
    classes.into_iter().find(|(sign, _)| has(*sign)).map_or(Class::Plain, |(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, amount: Option<i64>) -> Class {
        let words: Vec<String> = text.split_whitespace().map(normalize).filter(|word| !word.is_empty()).collect();
        class_of(&ClassifiedWords::of(words), amount)
    }

    #[test]
    fn totals_are_distinguished_from_similar_rows() {
        for (text, amount, expected) in [
            ("Итого к оплате: 7 135,00", Some(713_500), Class::Total(100)),
            ("Итого к оплате Гость 3: 1 590,00", Some(159_000), Class::GuestTotal),
            ("UTOГО 900", Some(90_000), Class::Total(90)),
            ("К оплате", None, Class::Total(100)),
            ("Сумма заказов 4970", Some(497_000), Class::Total(60)),
            ("Sub Total: 8.00", Some(800), Class::Subtotal),
            ("SUB-TOTAL 92.50", Some(9250), Class::Subtotal),
            ("TOTAL QUANTITY 102", None, Class::QuantityTotal),
            ("Total (Excluding GST): 59.00", Some(5900), Class::Subtotal),
            ("Total (Inclusive of GST): 59.00", Some(5900), Class::Total(80)),
            ("TOTAL INCLUDES 6% GST 1.44", Some(144), Class::TaxIncluded),
            ("GST @6% included in total RM 0.87", Some(87), Class::TaxIncluded),
            ("Total GST : 20.46", Some(2046), Class::Tax),
            ("Total Rounded 25.40", Some(2540), Class::Total(100)),
            ("Rounding Adjustment : 0.02", Some(2), Class::Rounding),
            ("NET TOTAL : 8.00", Some(800), Class::Total(100)),
            ("Total Payable: 39.78", Some(3978), Class::Total(100)),
            ("zu zahlen 19,77", Some(1977), Class::Total(100)),
            ("SUMME EUR 26,90", Some(2690), Class::Total(90)),
            ("CASH 100.00", Some(10_000), Class::Cash),
            ("Bar EUR 20,00", Some(2000), Class::Cash),
            ("RÜCKGELD EUR 3,38", Some(338), Class::Change),
            ("Mastercard EUR 26,90", Some(2690), Class::Card),
            ("Service Chrg(Incl GST 6%) RM 5.83", Some(583), Class::Service),
            ("10% Srv Chrg 8.78", Some(878), Class::Service),
            ("GST @6% 5.81", Some(581), Class::Tax),
            ("GST Summary Amount(RM) Tax(RM)", None, Class::TaxTable),
            ("Member Discount -0.24", Some(-24), Class::Discount),
        ] {
            assert_eq!(of(text, amount), expected, "{text}");
        }
    }

    #[test]
    fn dishes_are_plain() {
        for text in [
            "Картофель фри 2.00 740.00",
            "Barbecue Sauce 2.00",
            "SALATBAR 2,42",
            "Чай облепиховый 350",
            "MARG CK 27.95",
        ] {
            assert_eq!(of(text, Some(35_000)), Class::Plain, "{text}");
        }
    }
}
