//! Words that are, or are not, part of the name of a restaurant or shop.

use super::fold::normalize;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Kinds of businesses, and forms of companies.
const BUSINESS: &str = "cafe|café|coffee|restaurant|restoran|ristorante|trattoria|osteria|pizzeria|pizza|bistro|brasserie|bar|\
    pub|grill|kitchen|bakery|bäckerei|konditorei|gasthaus|gasthof|wirtshaus|brauhaus|burger|sushi|diner|steakhouse|deli|\
    кафе|ресторан|бар|паб|пиццерия|кофейня|столовая|трактир|пекарня|бургер|бистро|суши|ооо|ао|зао|ип|gmbh|kg|ag|llc|inc|\
    ltd|limited|s/b|sdn|bhd|enterprise|trading|mart|supermarket|market|store|shop|bookstore|hotel|pharmacy|hardware";

/// Addresses, numbers, documents, greetings, people, contacts and titles of columns.
const SOMETHING_ELSE: &str = "street|road|rd|ave|avenue|boulevard|blvd|lane|suite|floor|unit|lot|jalan|jln|taman|lorong|persiaran|\
    bandar|selangor|kuala|lumpur|johor|wilayah|kampung|seksyen|ул|улица|просп|проспект|пр-т|пер|переулок|шоссе|площадь|бульвар|\
    набережная|дом|офис|этаж|город|обл|область|straße|strasse|str|platz|weg|allee|gasse|\
    receipt|invoice|bill|check|cheque|order|table|copy|duplicate|reprint|original|guest|guests|pax|server|cashier|waiter|staff|\
    member|customer|operator|terminal|register|till|counter|tax|vat|gst|sst|reg|regn|registration|co.reg|\
    чек|счет|счёт|предчек|пречек|заказ|стол|столик|гость|гости|гостей|гостевой|официант|кассир|касса|кассовый|смена|зал|инн|кпп|\
    огрн|ккм|ккт|приход|продажа|копия|документ|место|расчетов|расчётов|сайт|фнс|\
    rechnung|quittung|beleg|kassenbon|bon|bewirtungsbeleg|bestellung|tisch|kellner|bediener|steuernummer|ust-id|kopie|filiale|\
    welcome|thank|thanks|please|visit|again|hello|enjoy|добро|пожаловать|спасибо|благодарим|приятного|ждем|ждём|willkommen|danke|\
    vielen|dank|besuch|selamat|datang|terima|kasih|\
    tel|phone|fax|hotline|mobile|email|e-mail|mail|www|http|https|whatsapp|тел|телефон|date|time|datum|uhrzeit|дата|время|\
    открыт|закрыт|no|nr|number|page|uhr|\
    total|subtotal|sum|amount|qty|price|item|items|description|desc|итого|сумма|кол-во|цена|наименование|блюдо|menge|preis|\
    summe|betrag|artikel|eur|usd|rm|руб";

static OF_A_BUSINESS: LazyLock<HashSet<String>> = LazyLock::new(|| words(BUSINESS));
static OF_SOMETHING_ELSE: LazyLock<HashSet<String>> = LazyLock::new(|| words(SOMETHING_ELSE));

fn words(list: &str) -> HashSet<String> {
    list.split('|').map(normalize).collect()
}

/// Whether the word names a kind of business or company.
pub(super) fn is_of_a_business(word: &str) -> bool {
    OF_A_BUSINESS.contains(&normalize(word))
}

/// Whether a row with this word is something else than a name: an address, a document, a greeting.
pub(super) fn is_of_something_else(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_address = ["www.", ".com", ".ru", "@"].iter().any(|part| lower.contains(part));
    is_address || lower.ends_with("straße") || lower.ends_with("strasse") || is_listed(&lower)
}

/// Each part of `Тел.:` and `стол/гость` counts.
fn is_listed(lower: &str) -> bool {
    let parts = lower.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
    let mut all = parts.chain([lower]).map(normalize).filter(|word| word.chars().count() > 1);
    all.any(|word| OF_SOMETHING_ELSE.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_recognised_with_marks_and_in_either_alphabet() {
        assert!(is_of_a_business("КАФЕ") && is_of_a_business("S/B") && is_of_a_business("\"Cafe\""));
        for word in ["Тел.:", "JALAN", "Hauptstraße", "www.example.org", "стол/гость", "ИНН", "Receipt#"]
        {
            assert!(is_of_something_else(word), "{word}");
        }
        for word in ["Luna", "Барселона", "Чекалин", "Datescape", "St."] {
            assert!(!is_of_something_else(word), "{word}");
        }
    }
}
