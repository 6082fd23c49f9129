//! Compares the map in ARCHITECTURE.md, "Who may import whom", with the dependencies in the manifests, so that they
//! cannot differ.
//!
//! A line is `crate -> dependency, dependency`. What is said of [`EVERY_SERVICE`] is what any service may use; a line with
//! the name of a service has what it uses besides. Dependencies of tests are not in the map.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::finding::Finding;
use crate::tidy::manifest::{Table, dependencies};
use crate::tidy::sources::Source;

const DOCUMENT: &str = "ARCHITECTURE.md";
const HEADING: &str = "## Who may import whom";
const EVERY_SERVICE: &str = "every service";
const WHY: &str = "a reader trusts the map in ARCHITECTURE.md, \"Who may import whom\"";

/// Who uses whom, with the line that says it.
type Uses<'a> = BTreeMap<(&'a str, &'a str), usize>;

/// Compares the map with the manifests of all crates.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let Some(document) = sources.iter().find(|source| source.path == DOCUMENT) else { return Vec::new() };
    let map = read(&document.text);
    let crates: Vec<(&str, &Source)> = sources
        .iter()
        .filter(|source| source.path.ends_with("/Cargo.toml"))
        .filter_map(|source| Some((name(&source.text)?, source)))
        .collect();
    let ours: BTreeSet<&str> = crates.iter().map(|(name, _)| *name).collect();
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for (name, source) in &crates {
        for (line, table, dependency) in dependencies(&source.text) {
            if table != Table::Normal || !ours.contains(dependency) {
                continue;
            }
            let by_name = (*name, dependency);
            let by_kind = (EVERY_SERVICE, dependency);
            if map.contains_key(&by_name) {
                used.insert(by_name);
            } else if is_service(name) && map.contains_key(&by_kind) {
                used.insert(by_kind);
            } else {
                let text = format!("`{name} -> {dependency}` is not in the map");
                findings.push(Finding::error(&source.path, line, text, WHY));
            }
        }
    }
    let unused = map.iter().filter(|(uses, _)| !used.contains(*uses));
    findings.extend(unused.map(|((name, dependency), line)| {
        Finding::error(DOCUMENT, *line, format!("no manifest has `{name} -> {dependency}`"), WHY)
    }));
    findings
}

fn is_service(name: &str) -> bool {
    name.ends_with("-service")
}

/// The name of a manifest's package.
fn name(manifest: &str) -> Option<&str> {
    manifest.lines().find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// The first block of code below the heading. A line that begins with a space continues the one above.
fn read(text: &str) -> Uses<'_> {
    let mut map = Uses::new();
    let mut names: Vec<&str> = Vec::new();
    let lines = text.lines().enumerate().skip_while(|(_, line)| *line != HEADING);
    let block = lines.skip_while(|(_, line)| !line.starts_with("```")).skip(1).take_while(|(_, line)| *line != "```");
    for (at, line) in block {
        let list = match line.split_once("->") {
            Some((left, right)) => {
                names = listed(left).collect();
                right
            }
            None => line,
        };
        for dependency in listed(list) {
            map.extend(names.iter().map(|name| ((*name, dependency), at + 1)));
        }
    }
    map
}

/// The names of a list, without remarks in brackets.
fn listed(list: &str) -> impl Iterator<Item = &str> {
    let names = list.split(',').map(|item| item.split('(').next().unwrap_or(item).trim());
    names.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(map: &str, manifests: &[(&str, &[&str])]) -> Vec<String> {
        let document = format!("# A\n\n{HEADING}\n\n```text\n{map}\n```\n\n```text\nd -> e\n```\n");
        let mut sources = vec![Source { path: DOCUMENT.to_owned(), text: document }];
        sources.extend(manifests.iter().map(|(name, uses)| {
            let uses: String = uses.iter().flat_map(|name| [name, ".workspace = true\n"]).collect();
            let text = format!("[package]\nname = \"{name}\"\n[dependencies]\nserde = \"1\"\n{uses}");
            Source { path: format!("shared/{name}/Cargo.toml"), text }
        }));
        check(&sources).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_map_that_is_right_is_accepted() {
        let map = "a -> b (a feature)\nevery service -> a,\n                 b\nx-service, y-service -> c";
        let manifests: [(&str, &[&str]); 6] = [
            ("a", &["b"]),
            ("b", &[]),
            ("c", &[]),
            ("x-service", &["a", "c"]),
            ("y-service", &["c", "b"]),
            ("z-service", &["a"]),
        ];
        assert_eq!(found(map, &manifests), [""; 0]);
    }

    #[test]
    fn what_only_the_map_or_only_a_manifest_has_is_found() {
        assert_eq!(found("a -> b", &[("a", &[]), ("b", &[])]), ["no manifest has `a -> b`"]);
        assert_eq!(found("", &[("a", &["b"]), ("b", &[])]), ["`a -> b` is not in the map"]);
        let manifests: [(&str, &[&str]); 3] = [("x-service", &["b"]), ("a", &[]), ("b", &[])];
        assert_eq!(
            found("every service -> a", &manifests),
            ["`x-service -> b` is not in the map", "no manifest has `every service -> a`"]
        );
    }
}
