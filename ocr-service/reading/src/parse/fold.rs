//! Maps letters that look alike to one letter: the engine confuses the alphabets, and letters with digits.

/// Normalises a word: lower case, one representative for similar letters, only letters and digits.
pub(crate) fn normalize(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).filter_map(representative).collect()
}

fn representative(letter: char) -> Option<char> {
    let representative = match letter {
        'а' | 'ä' => 'a',
        'б' => '6',
        'в' | '8' | 'ß' | 'ъ' | 'ь' | 'ы' => 'b',
        'г' => 'r',
        'е' | 'ё' => 'e',
        'з' | 'э' => '3',
        'и' | 'й' | 'u' | 'ü' | 'п' | 'н' | 'h' | 'л' | 'ц' => 'n',
        'к' => 'k',
        'м' => 'm',
        'о' | '0' | 'ö' => 'o',
        'р' => 'p',
        'с' => 'c',
        'т' => 't',
        'у' => 'y',
        'х' => 'x',
        'ч' => '4',
        'ш' | 'щ' => 'w',
        '5' | '$' => 's',
        'i' | '1' | '|' | '!' | 'і' => 'l',
        '9' => 'g',
        '2' => 'z',
        other if other.is_alphanumeric() => other,
        _ => return None,
    };
    Some(representative)
}

/// Number of letters that may be misread in a word of this length.
fn misreadings_max(length: usize) -> usize {
    match length {
        0..=4 => 0,
        5..=7 => 1,
        8..=12 => 2,
        _ => 3,
    }
}

/// Whether two normalised words are equal except for a few misread letters.
pub(crate) fn similar(a: &str, b: &str) -> bool {
    let (long, short) = (a.chars().count(), b.chars().count());
    long.abs_diff(short) <= misreadings_max(long.min(short))
        && strsim::levenshtein(a, b) <= misreadings_max(long.min(short))
}

/// A phrase to search for.
#[derive(Debug)]
pub(crate) struct Phrase {
    normalized: String,
    length: usize,
    letters: u64,
}

impl Phrase {
    /// Creates a phrase; its spaces are ignored.
    pub(crate) fn new(text: &str) -> Self {
        let normalized = normalize(text);
        Self { length: normalized.chars().count(), letters: letters(&normalized), normalized }
    }
}

/// How exactly a phrase must be spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// A few letters may be misread.
    Loose,
    /// No misread letters in a short phrase.
    Close,
    /// A single word with at most one misread letter, because its opposite is spelled similarly.
    Strict,
}

/// The words of a row, concatenated from each word on, because spaces may be lost or added.
#[derive(Clone, Debug)]
pub(crate) struct Windows(Vec<Window>);

#[derive(Clone, Debug)]
struct Window {
    start: usize,
    words: usize,
    text: String,
    length: usize,
    letters: u64,
}

/// Longer than the longest phrase with its misread letters.
const WINDOW_MAX: usize = 30;

impl Windows {
    /// Builds the windows of normalised words.
    pub(crate) fn of(words: &[String]) -> Self {
        let mut windows = vec![];
        for start in 0..words.len() {
            let mut text = String::new();
            for (more, word) in words[start..].iter().take(6).enumerate() {
                text.push_str(word);
                let length = text.chars().count();
                if length > WINDOW_MAX {
                    break;
                }
                windows.push(Window { start, words: more + 1, letters: letters(&text), length, text: text.clone() });
            }
        }
        Self(windows)
    }

    /// Whether the phrase begins at a word of the range.
    pub(crate) fn have(&self, phrase: &Phrase, at: std::ops::Range<usize>, strictness: Strictness) -> bool {
        let most = match strictness {
            Strictness::Loose => misreadings_max(phrase.length),
            Strictness::Close if phrase.length > 7 => misreadings_max(phrase.length),
            Strictness::Close => 0,
            Strictness::Strict => usize::from(phrase.length > 5),
        };
        self.0.iter().filter(|window| at.contains(&window.start)).any(|window| {
            let whole = strictness != Strictness::Strict || window.words == 1;
            // A misread letter changes the set of letters in at most two places, which excludes most phrases quickly.
            let kinds = (window.letters ^ phrase.letters).count_ones();
            let near = window.length.abs_diff(phrase.length) <= most && kinds <= 2 * u32::try_from(most).unwrap_or(0);
            whole
                && near
                && (window.text == phrase.normalized || strsim::levenshtein(&window.text, &phrase.normalized) <= most)
        })
    }
}

/// The set of letters of a word, as a bit mask.
fn letters(normalized: &str) -> u64 {
    normalized.chars().fold(0, |letters, letter| letters | 1 << (u32::from(letter) % 64))
}

/// Whether the text contains at least three consecutive letters.
pub(crate) fn has_word(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphabetic()).any(|part| part.chars().count() >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(normalize).filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn letters_of_the_other_alphabet_are_the_same_letters() {
        assert_eq!(normalize("ИТОГО"), normalize("UTOГО"));
        assert_eq!(normalize("САЗН").len(), 4);
        assert_eq!(normalize("=Сумма:"), normalize("Cyмма"));
    }

    fn has(text: &str, phrase: &str, strictness: Strictness) -> bool {
        Windows::of(&words(text)).have(&Phrase::new(phrase), 0..9, strictness)
    }

    #[test]
    fn a_phrase_is_found_with_a_misread_letter_and_wrong_spaces() {
        for text in ["Итого к оплате: 900", "** UTor0 Коплате 900", "** ITOTO к оллате"] {
            assert!(has(text, "итого к оплате", Strictness::Loose), "{text}");
        }
        assert!(!has("Итого", "итого к оплате", Strictness::Loose));
    }

    #[test]
    fn words_that_resemble_their_opposite_are_distinguished() {
        assert!(has("Total Inclusive GST", "inclusive", Strictness::Strict));
        assert!(!has("Total Inclusive GST", "exclusive", Strictness::Strict));
        assert!(!has("Картоф. пюре", "картой", Strictness::Close));
    }

    #[test]
    fn a_short_word_must_be_itself() {
        assert!(!has("Barbecue Sauce", "bar", Strictness::Loose));
        assert!(has("BAR 20,00", "bar", Strictness::Loose));
    }
}
