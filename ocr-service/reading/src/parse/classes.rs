//! Classifies rows by their words in Russian, English and German.

use super::fold::{Phrase, Strictness, Windows, normalize};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Payable,
    Total,
    Sum,
    Sub,
    Quantity,
    /// The number of lines: `Posten: 11`, `Item(s) : 4`.
    Lines,
    Tax,
    Includes,
    Excludes,
    Service,
    Discount,
    Tip,
    Round,
    Cash,
    Change,
    Card,
    Guest,
    TaxTable,
    /// `Suggested tip`: amounts that are offered, not owed.
    Suggestion,
    Info,
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

const PHRASES: [(Sign, &str); 20] = [
    (
        Sign::Payable,
        "итого к оплате|к оплате|сумма к оплате|всего к оплате|grand total|nett total|net total|total payable|\
         total amount payable|amount payable|payable amount|total due|amount due|balance due|total rounded|rounded total|\
         total amt rounded|total after rounding|total after rounding adj|total amount due|nett amount|net payable|\
         zu zahlen|zu zahlender betrag|endbetrag|gesamtbetrag|zahlbetrag|rechnungsbetrag|jumlah perlu dibayar|total to pay|\
         nett amt|amt due|final total|total rm rounded",
    ),
    (
        Sign::Total,
        "итого|итог|итого сумма|total|ttl|t0tal|summe|gesamt|gesamtsumme|jumlah|jumlah besar|total amount|total sales|\
         bill total|order total|total rm|total amt|invoice total|summe eur|итоговая сумма|total eur|takeout total|eat in total|total incl|\
         total sale|gesamt eur|betrag eur|bayaran|jumlah rm",
    ),
    (Sign::Sum, "всего|сумма заказов|сумма заказа|сумма счета|сумма|betrag|amount|amt|стоимость"),
    (
        Sign::Sub,
        "subtotal|sub total|sub ttl|подытог|подитог|промежуточный итог|zwischensumme|total before|sub-total|sub total incl gst|\
         netto|net sales|item total|items total|food total|warenwert|nettosumme|netto summe|nett sales",
    ),
    (
        Sign::Quantity,
        "qty|quantity|qtys|items|item count|item|pcs|anzahl|artikel|позиций|блюд|товаров|posten|количество|кол-во|item(s)|unit",
    ),
    (
        Sign::Lines,
        "posten|item(s)|items|item count|main item count|no. of items|no of items|no. qtys|anzahl artikel|artikel|qty|qty(s)|\
         number of items|total item(s)|количество позиций|всего позиций|наименований|позиций|anzahl|item total qty|pcs",
    ),
    (
        Sign::Tax,
        "gst|sst|tax|vat|ндс|mwst|ust|mehrwertsteuer|cukai|service tax|sales tax|svc tax|total gst|total tax|в т.ч. ндс|\
         в том числе ндс|сумма ндс|gst amount|gst amt|g.s.t|add gst|tax total|govt tax|taxes|налог|steuer|st 6%|sst 6%",
    ),
    (Sign::Includes, "incl|inclusive|includes|included|inc|including|inkl|включая|вкл|в т.ч|в том числе|enthalten"),
    (Sign::Excludes, "excl|exclusive|excluding|exc|excl.|before|without|без|exkl|ex gst|exclude"),
    (
        Sign::Service,
        "service charge|service chrg|service chg|svc chg|srv chg|serv chg|srv chrg|s/charge|svc charge|ser charge|svr chg|\
         обслуживание|за обслуживание|сервисный сбор|сервис|надбавка|наценка|bedienung|service|servis|service charges|\
         serv charge|serv. charge|caj perkhidmatan|s.charge|сервисный сбор|доставка|delivery fee|packaging",
    ),
    (
        Sign::Discount,
        "discount|disc|скидка|скидки|rabatt|nachlass|discounts|saving|savings|voucher|coupon|gutschein|member discount|\
         бонусы|баллы|списано|списание бонусов|бонусами|оплата бонусами|promo|spec disc|less|preisvorteil|coupon rabatt|\
         сумма скидки|ttl disc|item disc|bill discount|personalrabatt|sofortrabatt|aktionsrabatt|treuerabatt",
    ),
    (Sign::Tip, "чаевые|tip|tips|gratuity|trinkgeld"),
    (
        Sign::Round,
        "rounding|round|rnd|rounding adj|rounding adjustment|round adj|round amt|округление|rundung|rounded|r.adj|rounding adj.|\
         bill rounding|cash rounding|auto round|pembundaran|pelarasan",
    ),
    (
        Sign::Cash,
        "cash|cash received|cash tendered|tendered|tender|payment|paid|amount paid|amt paid|наличные|наличными|получено|\
         внесено|bar|bargeld|gegeben|tunai|received|paid amount|amount tendered|нал|gegeben bar|bar eur|наличный расчет|cash rm|\
         betrag bar|gegeben eur|оплата|оплачено|сумма оплаты",
    ),
    (
        Sign::Change,
        "change|change due|сдача|rückgeld|ruckgeld|zurück|zuruck|baki|change rm|balance|wechselgeld|rueckgeld|c hange",
    ),
    (
        Sign::Card,
        "visa|mastercard|master card|credit card|credit|debit|card|карта|картой|безналичными|безналичный|безналичные|безнал|\
         ec-cash|ec-karte|ec karte|eccash|girocard|kartenzahlung|kreditkarte|kredit|mastercard kontaktlos|электронными|рубли|сбп|\
         e-wallet|ewallet|grabpay|boost|touch n go|tng|amex|maestro|debit card|банковская карта|банк карта|карты|карточка|gegeben ec-karte|\
         visa card|kartenzahlung eur|master|bank card|credit c|vpay|mydebit|дебет|кредит",
    ),
    (Sign::Guest, "гость|guest|гостя|gast"),
    (
        Sign::Suggestion,
        "suggested tip|suggested gratuity|suggested tips|tip suggestion|tip suggestions|tip guide|gratuity guide|tip calculator|\
         suggested|рекомендуемые чаевые|варианты чаевых|trinkgeldempfehlung|trinkgeld vorschlag",
    ),
    (
        Sign::TaxTable,
        "taxable amt|taxable amount|gst taxable|gst summary|tax summary|gst analysis|sst summary|gst breakdown|mwst netto|mehrwertst ohne|netto mwst|mwst% mwst|\
         summary of gst|steuer netto|netto steuer|mehrwertsteuer netto|gst summery|tax code|mwst-satz|gst rate|netto ust|brutto",
    ),
    (
        Sign::Info,
        "стол|официант|кассир|чек|заказ|инн|открыт|дата|тел|телефон|зал|смена|пречек|касса|счет|место|сотрудник|гостей|закрыт|печать|\
         отпечатано|invoice|tel|fax|gst id|gst reg|gst no|date|table|cashier|bill no|bill|receipt|order|pax|time|doc no|ref|\
         steuernummer|filiale|terminal|datum|uhrzeit|ust-id|beleg|bon|member|points|punkte|vielen dank|thank you|goods sold|www|\
         company|reg no|phone|hotline|co reg|lot|jalan|no|receipt no|document|terminal-id|ta-nr|bnr|trans|transaction|server|closed|\
         pos|staff|salesperson|till|фн|фд|фп|сайт|адрес|спасибо|кассовый|рн|зн|сно|приход|код|обслуживал|auth|approval|telefon|str|\
         straße|uhr|markt|kasse|bediener|es bediente|tse|signatur|seriennummer|beleg-nr|trace|kundenbeleg|karte|karten|pan|vu-nr",
    ),
];

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
