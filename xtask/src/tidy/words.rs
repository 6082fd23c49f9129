//! Comments, documents and log messages are plain technical English: words that readers from other countries had to look
//! up are refused.

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

const WHY: &str = "we write plain technical English, see docs/GLOSSARY.md";

/// A log message reports an event; one that begins with these reads as an order.
const ORDERS: [&str; 16] = [
    "read",
    "write",
    "request",
    "serialise",
    "store",
    "load",
    "find",
    "check",
    "delete",
    "send",
    "publish",
    "connect",
    "commit",
    "begin",
    "create",
    "update",
];

/// Changelogs keep the words of their time, and quote former names.
const CHANGELOG: &str = "CHANGELOG.md";

/// Checks one file. Migrations are exempt: an applied file never changes.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let has_comments = ["rs", "ts", "svelte", "mjs", "css", "sql", "sh", "toml"].iter().any(|end| source.is(end));
    let is_migration = source.is("sql") && source.path.split('/').any(|part| part == "migrations");
    let mut found: Vec<(usize, &str, String)> = Vec::new();
    if has_comments && !is_migration {
        let lines = source.text.lines().enumerate();
        found.extend(lines.filter_map(|(at, line)| Some((at + 1, "a comment", comment_in(line)?.to_owned()))));
    }
    if source.is("rs") {
        found.extend(log_messages(&source.text).map(|(line, texts)| (line, "a log message", texts.join(" "))));
    }
    if source.is("md") && !source.path.ends_with(CHANGELOG) {
        found.extend(prose(&source.text).map(|(line, text)| (line, "a document", text.to_owned())));
    }
    let mut findings = Vec::new();
    if source.is("rs") {
        let begins = |text: &&str| text.split_once(' ').is_some_and(|(first, _)| ORDERS.contains(&first));
        let orders =
            log_messages(&source.text).filter_map(|(line, texts)| Some((line, texts.into_iter().find(begins)?)));
        findings.extend(orders.map(|(line, text)| {
            let text = format!("the log message `{text}` reads as an order: report what happened");
            Finding::error(&source.path, line, text, WHY)
        }));
    }
    for (line, place, text) in found {
        for (word, instead) in WORDS {
            if contains_word(&text, word) {
                findings.push(Finding::error(&source.path, line, format!("`{word}` in {place}: {instead}"), WHY));
            }
        }
    }
    findings
}

/// The lines of a document, without blocks of code.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((at + 1, line))
    })
}

/// The literals in calls of the log macros, with the line of the call. The unit tests at the end are not read.
fn log_messages(text: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    const MACROS: [&str; 5] = ["trace!(", "debug!(", "info!(", "warn!(", "error!("];
    let text = text.split("\n#[cfg(test)]").next().unwrap_or(text);
    MACROS
        .iter()
        .flat_map(move |name| text.match_indices(name))
        .map(|(at, name)| (text[..at].matches('\n').count() + 1, literals(&text[at + name.len()..])))
}

/// The string literals up to the bracket that closes a call.
fn literals(arguments: &str) -> Vec<&str> {
    let (mut found, mut depth, mut begin, mut is_escaped) = (Vec::new(), 1_u32, None, false);
    for (at, c) in arguments.char_indices() {
        match (c, begin) {
            _ if is_escaped => is_escaped = false,
            ('\\', Some(_)) => is_escaped = true,
            ('"', Some(start)) => {
                found.push(&arguments[start..at]);
                begin = None;
            }
            ('"', None) => begin = Some(at + 1),
            ('(', None) => depth += 1,
            (')', None) if depth == 1 => break,
            (')', None) => depth -= 1,
            _ => {}
        }
    }
    found
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
    fn documents_and_log_messages_are_checked() {
        let told = WORDS[4].0;
        assert_eq!(findings("a.md", &format!("# A\nThe client is {told}.\n```text\n{told}\n```\n`{told}`\n")), 1);
        assert_eq!(findings("CHANGELOG.md", told), 0);
        assert_eq!(findings("a.rs", &format!("info!(\n    id, \"{told} {{id}}\"\n);\nlet a = \"{told}\";")), 1);
    }

    #[test]
    fn a_log_message_reports_an_event() {
        assert_eq!(findings("a.rs", "warn!(error, \"read the snapshot of a socket\");"), 1);
        assert_eq!(findings("a.rs", "warn!(error, \"the snapshot of a socket could not be read\");"), 0);
        let call = "Err(f) => warn!(error = chain(&f), \"it \\\"failed\\\"\"),\n_ => x.during(\"read the snapshot of a socket\")";
        assert_eq!(findings("a.rs", call), 0);
    }

    #[test]
    fn code_names_and_applied_migrations_are_not_checked() {
        let told = WORDS[4].0;
        assert_eq!(findings("a.rs", &format!("let {told} = 1;\n// `{told}` is a name, and {told}er no word\n")), 0);
        assert_eq!(findings("migrations/orders/0001_a.sql", &format!("-- {told}\n")), 0);
    }
}
