//! The name of the restaurant or shop: the most name-like of the rows above the lines of the bill.

use super::fold::{normalize, similar};
use super::row_name::{RowName, is_address, is_business, is_cyrillic, row_name};
use crate::layout::measure::median;
use crate::layout::rows::Row;

/// The name is among so many rows at the top.
const ROWS_MAX: usize = 7;
/// A name is read with at least this confidence, because there is no arithmetic to prove it.
const CONFIDENCE_MIN: f32 = 0.75;
/// A single pass has to be surer, and so has a name without a word such as `café`.
const CONFIDENCE_ALONE_MIN: f32 = 0.85;

/// A row that may be the name.
#[derive(Clone, Debug)]
struct Candidate {
    name: String,
    confidence: f32,
    score: f32,
}

/// The merchant, as recognised by these passes in rows above `lines_top`; `None` if it is not certain.
pub(crate) fn merchant(pages: &[Vec<Row>], lines_top: Option<f32>) -> Option<String> {
    let best: Vec<Candidate> = pages.iter().filter_map(|page| most_name_like(page, lines_top)).collect();
    let alike = |one: &Candidate, other: &Candidate| similar(&normalize(&one.name), &normalize(&other.name));
    let supporters = |one: &Candidate| best.iter().filter(|other| alike(one, other)).count();
    let winner =
        best.iter().max_by(|a, b| supporters(a).cmp(&supporters(b)).then(a.confidence.total_cmp(&b.confidence)))?;
    if winner.name.contains(is_cyrillic) && !is_mostly_cyrillic(pages) {
        // Latin capitals are read as Cyrillic ones that look alike.
        return None;
    }
    let is_agreed = match pages.len() {
        1 => winner.confidence >= CONFIDENCE_ALONE_MIN,
        _ => supporters(winner) >= 2 && supporters(winner) * 2 > best.len(),
    };
    is_agreed.then(|| winner.name.clone())
}

/// Two columns: the names of two bills on one photo, or a name and a number.
fn has_gap(row: &Row) -> bool {
    row.words.windows(2).any(|pair| pair[1].place.left - pair[0].place.right > 2.5 * row.height)
}

fn confidence_min(name: &str) -> f32 {
    if is_business(name) { CONFIDENCE_MIN } else { CONFIDENCE_ALONE_MIN }
}

fn is_mostly_cyrillic(pages: &[Vec<Row>]) -> bool {
    let words = || pages.iter().flatten().flat_map(|row| &row.words).filter(|word| word.confidence >= CONFIDENCE_MIN);
    let letters = || words().flat_map(|word| word.text.chars()).filter(|letter| letter.is_alphabetic());
    letters().filter(|letter| is_cyrillic(*letter)).count() * 2 > letters().count()
}

/// The best candidate above the lines and above the address, unless the name itself seems to be misread.
fn most_name_like(page: &[Row], lines_top: Option<f32>) -> Option<Candidate> {
    let usual_height = median(page.iter().map(|row| row.height));
    let above = |row: &&Row| lines_top.is_none_or(|top| row.place.bottom <= top + row.height / 2.0);
    let mut best: Option<Candidate> = None;
    // An unread row at the top may be the name, drawn as a logo.
    let mut has_unread = false;
    for (at, row) in page.iter().take_while(above).take(ROWS_MAX).enumerate() {
        let (text, confidence) = (row.text(), row.confidence());
        if is_address(&text) {
            break;
        }
        let kind = if has_gap(row) { RowName::No } else { row_name(&text) };
        match kind {
            RowName::Misread if is_business(&text) => return None,
            RowName::Is(name) if confidence >= confidence_min(&name) => {
                let is_sure = is_business(&name);
                let large = if row.height > 1.3 * usual_height { 1.5 } else { 0.0 };
                let below = f32::from(u8::try_from(at).unwrap_or(u8::MAX));
                let score = if is_sure { 2.5 } else { 0.0 } + large - below;
                if (is_sure || !has_unread) && best.as_ref().is_none_or(|best| best.score < score) {
                    best = Some(Candidate { name, confidence, score });
                }
            }
            RowName::Is(_) | RowName::Misread => has_unread = true,
            RowName::No => has_unread |= confidence < CONFIDENCE_MIN / 2.0,
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::rows::rows;
    use crate::parse::drawn::words;

    fn read(slip: &str) -> Option<String> {
        merchant(&[rows(&words(slip)), rows(&words(slip))], None)
    }

    #[test]
    fn the_name_is_the_row_that_is_nothing_else() {
        for (slip, name) in [
            ("Кафе «Луна»\nг. Казань, ул. Баумана 12\nИНН 1655000000\nСтол 7", "Кафе «Луна»"),
            ("Welcome!\nCafe Luna\n12 Main Street\nTel 555-0199", "Cafe Luna"),
            ("TAX INVOICE\n99 SPEED MART S/B (519537-X)\nLOT P.T. 2811, JALAN ANGSA", "99 SPEED MART S/B"),
            ("Добро пожаловать\nООО \"Ромашка\"\nКассовый чек №12", "ООО \"Ромашка\""),
            ("*** Trattoria Da Enzo ***\nRechnung 123\n05.02.2026 20:14", "Trattoria Da Enzo"),
            ("05.02.2026\n7-Eleven\nOrder 12", "7-Eleven"),
        ] {
            assert_eq!(read(slip).as_deref(), Some(name), "{slip}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_guessed() {
        for slip in [
            "Tel 555-0199\n05.02.2026 20:14\nTotal 12.00",
            "Предчек\nСтол 7\nОфициант Анна",
            "www.example.com\n12345 Berlin\nHauptstraße 7",
            "|| ~ _\n--- . ---\n12 x 5.20",
            "Pohlweg 110\n33100 Paderborn\nUNSERE ZEITEN",
            "WUNSCHLOS?\nGLÜCKLICH?",
            "ООО\nПречек № 028",
            "Geoventure\nlaste 0+ The World Sdn Bhd\nLot 38",
            "tan woon yann\nJalan Kenari 5",
            "Bar Centrale          Gelateria Sole",
            "Татро! Kаhve\nСтол 7",
            "ТНАТ САВОЕМ\nGreen curry with rice\nMango lassi",
            "Thank you for your visit\nCustomer copy",
            "",
        ] {
            assert_eq!(read(slip), None, "{slip}");
        }
    }

    #[test]
    fn passes_that_disagree_name_nothing() {
        let pages = |slips: &[&str]| slips.iter().map(|slip| rows(&words(slip))).collect::<Vec<_>>();
        assert_eq!(merchant(&pages(&["Cafe Luna", "Gate Iura"]), None), None);
        assert_eq!(merchant(&pages(&["Cafe Luna", "Cafe Lana", "x"]), None).map(|name| name.len()), Some(9));
    }

    #[test]
    fn a_line_of_the_bill_is_no_name() {
        let page = rows(&words("12345\nTomato soup 5.00\nTotal 5.00"));
        assert_eq!(merchant(&[page.clone(), page], Some(30.0)), None);
    }
}
