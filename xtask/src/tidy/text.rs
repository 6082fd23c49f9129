//! Rules for every source file: its first sentence, its length, its open tasks.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const LINES_MAX: usize = 600;
const LINES_WARNING: usize = 400;

/// Split, so that this file does not match itself.
const TASK_MARKER: &str = concat!("TO", "DO");

/// Checks one file.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if source.is("rs") {
        findings.extend(first_sentence(source));
    }
    if ["rs", "ts", "svelte", "mjs", "sql", "sh"].iter().any(|extension| source.is(extension)) {
        findings.extend(length(source));
        findings.extend(untracked_tasks(source));
    }
    findings
}

fn first_sentence(source: &Source) -> Option<Finding> {
    let first = source.text.lines().next().unwrap_or("");
    if first.starts_with("#![doc = include_str!(") {
        return None; // the README contains the first sentence
    }
    let sentence = first.strip_prefix("//! ").unwrap_or("");
    (!sentence.chars().any(char::is_alphabetic)).then(|| {
        Finding::error(
            &source.path,
            1,
            "a file starts with a `//!` sentence",
            "the first line tells a reader what the file is for",
        )
    })
}

fn length(source: &Source) -> Option<Finding> {
    let lines = source.text.lines().count();
    let text = format!("{lines} lines");
    if lines > LINES_MAX {
        return Some(Finding::error(&source.path, lines, text, "split files of six hundred lines"));
    }
    (lines > LINES_WARNING)
        .then(|| Finding::warning(&source.path, lines, text, "consider splitting files of four hundred lines"))
}

fn untracked_tasks(source: &Source) -> Vec<Finding> {
    source
        .text
        .lines()
        .enumerate()
        .filter(|(_, line)| {
            line.split_once(TASK_MARKER).is_some_and(|(_, after)| {
                let number = after.trim_start_matches(['(', ' ']);
                !number.strip_prefix('#').is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
            })
        })
        .map(|(at, _)| {
            Finding::error(
                &source.path,
                at + 1,
                format!("{TASK_MARKER} without an issue number"),
                "an untracked task is forgotten",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&Source { path: path.to_owned(), text: text.to_owned() })
    }

    #[test]
    fn a_file_without_a_first_sentence_is_found() {
        assert_eq!(findings("a.rs", "use std::fs;\n").len(), 1);
        assert_eq!(findings("a.rs", "//!\n").len(), 1);
        assert!(findings("a.rs", "//! Does a thing.\n").is_empty());
    }

    #[test]
    fn a_long_file_is_found() {
        let lines = |count: usize| format!("//! Long.\n{}", "x\n".repeat(count));
        assert!(findings("a.rs", &lines(300)).is_empty());
        assert_eq!(findings("a.rs", &lines(450)).len(), 1);
        assert_eq!(findings("a.rs", &lines(650))[0].severity, crate::tidy::finding::Severity::Error);
    }

    #[test]
    fn a_task_needs_an_issue_number() {
        let with = |after: &str| findings("a.sql", &format!("-- {TASK_MARKER}{after}\n")).len();
        assert_eq!(with(" later"), 1);
        assert_eq!(with("(#12): later"), 0);
        assert_eq!(with(" #12"), 0);
    }
}
