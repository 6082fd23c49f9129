//! Letters that look alike are one letter here: the engine mixes the alphabets, and letters with digits.

/// A word as it looks: lower case, one letter for all that look alike, nothing but letters and digits.
pub(crate) fn looks(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).filter_map(look).collect()
}

fn look(letter: char) -> Option<char> {
    let look = match letter {
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
    Some(look)
}

/// How many letters of a word of this length may be misread.
fn slips(length: usize) -> usize {
    match length {
        0..=4 => 0,
        5..=7 => 1,
        8..=12 => 2,
        _ => 3,
    }
}

/// Whether both look the same but for a few misread letters; both as [`looks`] gives them.
pub(crate) fn alike(a: &str, b: &str) -> bool {
    let (long, short) = (a.chars().count(), b.chars().count());
    long.abs_diff(short) <= slips(long.min(short)) && strsim::levenshtein(a, b) <= slips(long.min(short))
}

/// As [`find`], with at most one misread letter: for words whose opposites are spelled nearly so.
pub(crate) fn find_strictly(words: &[String], phrase: &str) -> Option<usize> {
    let most = usize::from(phrase.chars().count() > 5);
    words.iter().position(|word| {
        word.chars().count().abs_diff(phrase.chars().count()) <= most && strsim::levenshtein(word, phrase) <= most
    })
}

/// As [`find`], but words that are easily taken for others must be spelled right.
pub(crate) fn find_exactly(words: &[String], phrase: &str) -> Option<usize> {
    if phrase.chars().count() > 7 {
        return find(words, phrase);
    }
    (0..words.len()).find(|start| {
        let mut joined = String::new();
        words[*start..].iter().take(3).any(|word| {
            joined.push_str(word);
            joined == phrase
        })
    })
}

/// Where `phrase` begins among `words`, in words; spaces that were added or lost don't matter.
///
/// Words and phrase as [`looks`] gives them, the phrase without spaces.
pub(crate) fn find(words: &[String], phrase: &str) -> Option<usize> {
    (0..words.len()).find(|start| {
        let mut joined = String::new();
        words[*start..].iter().take(6).any(|word| {
            joined.push_str(word);
            !word.is_empty() && alike(&joined, phrase)
        })
    })
}

/// Whether the text has as many letters in a row as a word has.
pub(crate) fn has_word(text: &str) -> bool {
    text.split(|letter: char| !letter.is_alphabetic()).any(|part| part.chars().count() >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(looks).filter(|word| !word.is_empty()).collect()
    }

    #[test]
    fn letters_of_the_other_alphabet_are_the_same_letters() {
        assert_eq!(looks("ИТОГО"), looks("UTOГО"));
        assert_eq!(looks("САЗН").len(), 4);
        assert_eq!(looks("=Сумма:"), looks("Cyмма"));
    }

    #[test]
    fn a_phrase_is_found_with_a_misread_letter_and_wrong_spaces() {
        let phrase: String = looks("итого к оплате");
        assert_eq!(find(&words("Итого к оплате: 900"), &phrase), Some(0));
        assert_eq!(find(&words("** UTor0 Коплате 900"), &phrase), Some(0));
        assert_eq!(find(&words("Итого"), &phrase), None);
    }

    #[test]
    fn a_short_word_must_be_itself() {
        assert_eq!(find(&words("Barbecue Sauce"), &looks("bar")), None);
        assert_eq!(find(&words("BAR 20,00"), &looks("bar")), Some(0));
    }
}
