//! Whether a row of text can be the name of a restaurant or shop.

use super::name_words::{is_of_a_business, is_of_something_else};
use contracts::title::MERCHANT_CHARACTERS_MAX;

/// Longer rows are sentences.
const WORDS_MAX: usize = 8;
/// Ends of the names of streets; `Straße` as it is misread, too.
const STREETS: [&str; 8] = ["weg", "straße", "strasse", "straбe", "strabe", "platz", "allee", "gasse"];

/// What a row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RowName {
    /// A possible name.
    Is(String),
    /// A possible name, but letters of it are misread.
    Misread,
    /// Something else.
    No,
}

/// A name has mostly letters, and is no number, greeting, question or kind of document.
pub(super) fn row_name(text: &str) -> RowName {
    let is_edge = |letter: char| !letter.is_alphanumeric() && !matches!(letter, '"' | '«' | '»' | ')' | '!');
    let text = without_number(text).trim_end();
    let is_question = text.contains('?');
    let text = text.trim_matches(is_edge).split_whitespace().collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = text.split(' ').collect();
    let letters = letters_of(&text);
    let visible = text.chars().filter(|letter| *letter != ' ').count();
    let digits_in_a_row = text.split(|letter: char| !letter.is_ascii_digit()).map(str::len).max().unwrap_or(0);
    let is_name = !is_question
        && letters * 10 >= visible * 7
        && digits_in_a_row <= 2
        && words.len() <= WORDS_MAX
        && words.iter().any(|word| letters_of(word) >= 3 && !is_of_a_business(word))
        && text.chars().count() <= MERCHANT_CHARACTERS_MAX
        && !words.iter().any(|word| is_of_something_else(word))
        && !is_sentence(&words);
    match is_name {
        true if is_misread(&text, &words) => RowName::Misread,
        true => RowName::Is(text),
        false => RowName::No,
    }
}

/// Whether the row has a word for a business or company.
pub(super) fn is_business(text: &str) -> bool {
    text.split_whitespace().any(is_of_a_business)
}

/// A postal code, or a house number behind the name of a street. Names are above it.
pub(super) fn is_address(text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let is_street = |word: &str| STREETS.iter().any(|end| word.ends_with(end));
    let is_house = |word: &str| word.starts_with(|letter: char| letter.is_ascii_digit());
    let is_code = |word: &String| word.len() >= 5 && word.bytes().all(|letter| letter.is_ascii_digit());
    let has_house = words.windows(2).any(|pair| is_street(&pair[0]) && is_house(&pair[1]));
    has_house || (words.len() > 1 && words.first().is_some_and(is_code))
}

/// Most words of a sentence are small.
fn is_sentence(words: &[&str]) -> bool {
    let small = words.iter().filter(|word| word.starts_with(char::is_lowercase)).count();
    words.len() > 2 && small * 2 > words.len()
}

/// Whether a letter is Cyrillic.
pub(super) fn is_cyrillic(letter: char) -> bool {
    ('\u{400}'..'\u{500}').contains(&letter)
}

fn letters_of(text: &str) -> usize {
    text.chars().filter(|letter| letter.is_alphabetic()).count()
}

/// Signs of misread letters: a small first letter, a digit within a word, both alphabets, odd characters.
fn is_misread(text: &str, words: &[&str]) -> bool {
    let is_odd = |letter: char| !letter.is_alphanumeric() && !" &'’\"«»-.,!/()".contains(letter);
    let has_digit_within = |word: &str| {
        let three = |three: &[u8]| {
            three[0].is_ascii_alphabetic() && three[1].is_ascii_digit() && three[2].is_ascii_alphabetic()
        };
        word.as_bytes().windows(3).any(three)
    };
    let is_mixed = text.contains(is_cyrillic) && text.contains(|letter: char| letter.is_ascii_alphabetic());
    let is_small = text.chars().find(|letter| letter.is_alphabetic()).is_some_and(char::is_lowercase);
    is_small || is_mixed || text.contains(is_odd) || words.iter().any(|word| has_digit_within(word))
}

/// The text before a number of registration in brackets: `SPEED MART (519537-X)`.
fn without_number(text: &str) -> &str {
    match text.rsplit_once('(') {
        Some((before, inside)) if inside.chars().filter(char::is_ascii_digit).count() >= 4 => before,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_what_else_is_printed() {
        for (text, name) in [
            ("*** Trattoria Da Enzo ***", "Trattoria Da Enzo"),
            ("99 SPEED MART S/B (519537-X)", "99 SPEED MART S/B"),
            ("ООО «Ромашка»", "ООО «Ромашка»"),
            ("Chez l'Ami & Co.", "Chez l'Ami & Co"),
        ] {
            assert_eq!(row_name(text), RowName::Is(name.to_owned()));
        }
        for text in
            ["Kr6nung Aroma", "laste Of The World", "Tap and Ваrrel", "KEDAI РАРАМ YEW CHUAN", "WORLD +0 SHOP Luna"]
        {
            assert_eq!(row_name(text), RowName::Misread, "{text}");
        }
        for text in
            ["", "12.50", "ООО", "Restaurant", "Lucky?", "Invoice 5", "a b c", "Luna 24601", "Es gibt immer was zu tun"]
        {
            assert_eq!(row_name(text), RowName::No, "{text}");
        }
    }

    #[test]
    fn an_address_has_a_code_or_a_house() {
        assert!(is_address("33100 Paderborn") && is_address("Pohlweg 110") && is_address("Warburger Straße 130"));
        assert!(!is_address("99 SPEED MART") && !is_address("Norwegian Cafe") && !is_address("33100"));
    }
}
