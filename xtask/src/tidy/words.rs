//! Comments are plain technical English: words that readers from other countries had to look up are refused.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

/// The word, and what to write instead.
const WORDS: [(&str, &str); 14] = [
    ("whoever", "name the role: the client, the caller, the process"),
    ("whatever", "name what is meant, or `any`"),
    ("somebody", "name the role, or use the passive voice"),
    ("nobody", "`no client`, `no consumer`, `unused`"),
    ("told", "`notified`, `informed`, `configured`"),
    ("tells", "`notifies`, `shows`, `returns`"),
    ("hears", "`receives`, `subscribes to`"),
    ("heard", "`received`, `subscribed to`"),
    ("forgets", "`removes`, `deletes`, `drops`"),
    ("for ever", "`forever`, `indefinitely`, `without end`"),
    ("anew", "`again`, `from the start`"),
    ("lest", "`so that .. not`"),
    ("lured", "`misdirected`, or the name of the attack"),
    ("says so", "name what reports it"),
];

const WHY: &str = "comments use plain technical English, see docs/GLOSSARY.md";

/// Checks the comments of one file. Migrations are exempt: an applied file never changes.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let is_checked = ["rs", "ts", "svelte", "mjs", "css", "sql", "sh", "toml"].iter().any(|end| source.is(end));
    let is_migration = source.is("sql") && source.path.split('/').any(|part| part == "migrations");
    if !is_checked || is_migration {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let Some(comment) = comment_in(line) else { continue };
        for (word, instead) in WORDS {
            if contains_word(comment, word) {
                let text = format!("`{word}` in a comment: {instead}");
                findings.push(Finding::error(&source.path, at + 1, text, WHY));
            }
        }
    }
    findings
}

/// The text of a line that is a comment.
fn comment_in(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let markers = ["//", "-- ", "# ", "/*", "* ", "<!--"];
    markers.iter().find_map(|marker| line.strip_prefix(marker))
}

/// Whether the text contains the word, without quoted code.
fn contains_word(text: &str, word: &str) -> bool {
    let text: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
    text.match_indices(word).any(|(at, _)| {
        let is_boundary = |neighbour: Option<char>| neighbour.is_none_or(|c| !c.is_alphanumeric());
        is_boundary(text[..at].chars().next_back()) && is_boundary(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&Source { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn an_archaic_word_in_a_comment_is_found() {
        let [whoever, told] = [WORDS[0].0, WORDS[4].0];
        assert_eq!(findings("a.rs", &format!("/// {whoever} comes is {told} so\n")), 2);
        assert_eq!(findings("a.sql", &format!("-- {told}\n")), 1);
    }

    #[test]
    fn code_names_and_applied_migrations_are_not_checked() {
        let told = WORDS[4].0;
        assert_eq!(findings("a.rs", &format!("let {told} = 1;\n// `{told}` is a name, and {told}er no word\n")), 0);
        assert_eq!(findings("migrations/orders/0001_a.sql", &format!("-- {told}\n")), 0);
    }
}
