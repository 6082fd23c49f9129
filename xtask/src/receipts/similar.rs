//! Similarity of names, treating similar letters of different alphabets as equal.

/// From 0 to 1: 1 minus the edit distance relative to the longer name.
pub(crate) fn similarity(a: &str, b: &str) -> f64 {
    let (a, b) = (folded(a), folded(b));
    let longer = u32::try_from(a.len().max(b.len())).unwrap_or(u32::MAX);
    let changes = u32::try_from(changes(&a, &b)).unwrap_or(u32::MAX);
    if longer == 0 { 0.0 } else { 1.0 - f64::from(changes) / f64::from(longer) }
}

/// Lower-case letters and digits, with one representative for similar letters.
fn folded(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).filter(|letter| letter.is_alphanumeric()).map(fold).collect()
}

fn fold(letter: char) -> char {
    match letter {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' | 'ё' => 'е',
        'k' => 'к',
        'm' => 'м',
        'h' => 'н',
        'o' | '0' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        'u' => 'и',
        'n' => 'п',
        'r' => 'г',
        '3' => 'з',
        '6' => 'б',
        other => other,
    }
}

/// Levenshtein distance.
fn changes(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (column, other) in b.iter().enumerate() {
            let replaced = corner + usize::from(letter != other);
            corner = row[column + 1];
            row[column + 1] = replaced.min(row[column] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_letters_are_equal_and_symbols_are_ignored() {
        assert!((similarity("Суп-лапша", "CУП лапша") - 1.0).abs() < 1e-9);
        assert!((similarity("abcd", "abcf") - 0.75).abs() < 1e-9);
        assert!(similarity("чай", "кофе") < 0.5);
        assert!(similarity("", "") < 0.5);
    }
}
