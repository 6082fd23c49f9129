//! One alphabet per word: the engine mixes letters of both that look alike.

/// Latin letters and the Cyrillic ones that look the same.
const ALIKE: [(char, char); 19] = [
    ('A', 'А'),
    ('B', 'В'),
    ('E', 'Е'),
    ('K', 'К'),
    ('M', 'М'),
    ('H', 'Н'),
    ('O', 'О'),
    ('P', 'Р'),
    ('C', 'С'),
    ('T', 'Т'),
    ('Y', 'У'),
    ('X', 'Х'),
    ('a', 'а'),
    ('e', 'е'),
    ('o', 'о'),
    ('p', 'р'),
    ('c', 'с'),
    ('y', 'у'),
    ('x', 'х'),
];

/// The name with each word in one alphabet: Latin words on a Latin bill, as far as their letters allow it; on a Cyrillic
/// bill only words of both alphabets change.
pub(super) fn one_alphabet(name: &str, cyrillic: bool) -> String {
    let words = name.split(' ').map(|word| {
        let has = |is: fn(char) -> bool| word.chars().any(is);
        match (has(is_latin), has(is_cyrillic)) {
            (true, true) if cyrillic => replaced(word, is_latin, |letter| pair(letter, |(from, to)| (from, to))),
            (_, true) if !cyrillic => replaced(word, is_cyrillic, |letter| pair(letter, |(to, from)| (from, to))),
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic()
}

fn is_cyrillic(letter: char) -> bool {
    ('\u{400}'..'\u{500}').contains(&letter)
}

fn pair(letter: char, order: fn((char, char)) -> (char, char)) -> Option<char> {
    ALIKE.into_iter().map(order).find(|(from, _)| *from == letter).map(|(_, to)| to)
}

/// The word with all foreign letters replaced, if all of them have a counterpart.
fn replaced(word: &str, is_foreign: fn(char) -> bool, counterpart: impl Fn(char) -> Option<char>) -> String {
    let letters = word.chars().map(|letter| if is_foreign(letter) { counterpart(letter) } else { Some(letter) });
    letters.collect::<Option<String>>().unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alike_letters_take_the_alphabet_of_the_bill() {
        assert_eq!(one_alphabet("СНICKEN RICE", false), "CHICKEN RICE");
        assert_eq!(one_alphabet("Бopщ Caesar", true), "Борщ Caesar");
        assert_eq!(one_alphabet("ПИВО Light", false), "ПИВО Light");
    }
}
