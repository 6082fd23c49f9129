//! Every file and test that the tables of docs/SECURITY.md and docs/ASVS.md name as a proof exists.
//!
//! It is in the last column of a table whose last heading is `test`: the folder of a crate, then files and tests in back
//! quotes, as in "gateway `tokens.rs`, `auth/tickets.rs`; e2e `matrix.rs`", or a link to a document.

use std::collections::BTreeMap;

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const DOCUMENTS: [&str; 2] = ["docs/SECURITY.md", "docs/ASVS.md"];
const WHY: &str = "a proof that is not there proves nothing";

/// Checks the tables of both documents.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let folders = folders(sources);
    let mut findings = Vec::new();
    for document in sources.iter().filter(|source| DOCUMENTS.contains(&source.path.as_str())) {
        for (line, cell) in last_cells(&document.text, "test") {
            let missing = missing(cell, &folders, sources);
            findings.extend(missing.into_iter().map(|name| Finding::error(&document.path, line, name, WHY)));
        }
    }
    findings
}

/// The folders of crates, and others that have tests, by the last part of their paths. The frontend is also called page.
fn folders(sources: &[Source]) -> BTreeMap<&str, &str> {
    let manifests = ["/Cargo.toml", "/package.json"];
    let folders = sources.iter().filter_map(|source| manifests.iter().find_map(|name| source.path.strip_suffix(name)));
    let named = folders.map(|folder| (folder.rsplit('/').next().unwrap_or(folder), folder));
    named.chain([("page", "frontend")]).collect()
}

/// The last cells of the rows of all tables whose last heading is `heading`, with their lines.
fn last_cells<'a>(text: &'a str, heading: &str) -> impl Iterator<Item = (usize, &'a str)> {
    let mut is_in_table = false;
    let mut is_checked = false;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            is_in_table = false;
            return None;
        };
        let last = row.rsplit('|').next().unwrap_or(row).trim();
        if !is_in_table {
            (is_in_table, is_checked) = (true, last == heading);
            return None;
        }
        (is_checked && !last.starts_with("---")).then_some((at + 1, last))
    })
}

/// What the cell names and the repository does not have.
fn missing(cell: &str, folders: &BTreeMap<&str, &str>, sources: &[Source]) -> Vec<String> {
    let mut missing = Vec::new();
    let (mut folder, mut files) = ("", Vec::new());
    let parts: Vec<&str> = cell.split('`').collect();
    for pair in parts.chunks(2) {
        let word = pair[0].trim_end().rsplit(' ').next().unwrap_or_default();
        folder = folders.get(word).copied().unwrap_or(folder);
        let Some(name) = pair.get(1) else { continue };
        if is_file(name) {
            files = find(folder, name, sources);
            if files.is_empty() {
                missing.push(format!("`{name}` is not in {folder}/"));
            }
        } else if is_test(name) && !files.iter().any(|file| file.text.contains(&format!("fn {name}("))) {
            missing.push(format!("`{name}` is not a test of the file before it"));
        }
    }
    let links = cell.split("](").skip(1).filter_map(|rest| rest.split(['#', ')']).next());
    missing.extend(links.filter(|link| !is_linked(link, sources)).map(|link| format!("there is no {link}")));
    missing
}

fn is_file(name: &str) -> bool {
    !name.contains(' ') && (name.ends_with('/') || name.contains('.') || name == "tests/it")
}

fn is_test(name: &str) -> bool {
    name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The files below the folder whose paths end with the name, and those of a folder with that name.
fn find<'a>(folder: &str, name: &str, sources: &'a [Source]) -> Vec<&'a Source> {
    let name = name.trim_end_matches('/');
    let is_named = |source: &&Source| {
        source.path.strip_prefix(folder).is_some_and(|rest| {
            let rest = format!("/{}", rest.trim_start_matches('/'));
            rest.ends_with(&format!("/{name}")) || rest.contains(&format!("/{name}/"))
        })
    };
    sources.iter().filter(is_named).collect()
}

/// Whether a link of a document in `docs/` leads to a file.
fn is_linked(link: &str, sources: &[Source]) -> bool {
    let path = link.strip_prefix("../").map_or_else(|| format!("docs/{link}"), str::to_owned);
    link.starts_with("https://") || link.is_empty() || sources.iter().any(|source| source.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &str) -> Vec<String> {
        let source = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
        let document =
            format!("| threat | test |\n|---|---|\n{rows}\n\n| a | b |\n|---|---|\n| c | gateway `no.rs` |\n");
        let sources = [
            source("docs/SECURITY.md", &document),
            source("docs/adr/0001-a.md", ""),
            source("gateway/Cargo.toml", ""),
            source("gateway/src/auth/tickets.rs", "fn a_ticket_is_valid_once() {}"),
            source("shared/identity/Cargo.toml", ""),
            source("shared/identity/src/caller.rs", ""),
            source("frontend/e2e/signed-in/tabs.test.mjs", ""),
        ];
        check(&sources).into_iter().map(|finding| format!("{}: {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn files_tests_and_documents_that_exist_are_accepted() {
        let cells = [
            "gateway `auth/tickets.rs`, 34 tokens",
            "gateway `auth/`, `tickets.rs`: `a_ticket_is_valid_once`; identity `caller.rs`",
            "page `e2e/signed-in/tabs.test.mjs`",
            "`cargo xtask test api`, every `security definer` function, [1](adr/0001-a.md#b)",
        ];
        for cell in cells {
            assert_eq!(found(&format!("| a | {cell} |")), [""; 0], "{cell}");
        }
    }

    #[test]
    fn a_file_a_test_and_a_document_that_are_not_there_are_found() {
        assert_eq!(found("| a | gateway `caller.rs` |"), ["3: `caller.rs` is not in gateway/"]);
        assert_eq!(found("| a | identity `caller.rs`, `tickets.rs` |"), ["3: `tickets.rs` is not in shared/identity/"]);
        let other = "| a | gateway `tickets.rs`: `a_ticket_is_free` |";
        assert_eq!(found(other), ["3: `a_ticket_is_free` is not a test of the file before it"]);
        assert_eq!(found("| a | [b](adr/0002-b.md) |"), ["3: there is no adr/0002-b.md"]);
    }
}
