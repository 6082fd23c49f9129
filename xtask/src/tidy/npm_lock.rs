//! The packages of the page come from npm's own registry, and their contents are those that were locked.
//!
//! `deny.toml` says the same of crates.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const REGISTRY: &str = "https://registry.npmjs.org/";
const WHY: &str = "a package of another source, or without a checksum, can be another program tomorrow";

/// Checks every lock file of npm.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources.iter().filter(|source| source.path.ends_with("package-lock.json")).flat_map(check_lock).collect()
}

/// An entry begins with the folder of its package. Without an address the package is from the registry.
fn check_lock(source: &Source) -> Vec<Finding> {
    let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
    let is_entry = |line: &&str| line.starts_with("\"node_modules/");
    let mut findings = Vec::new();
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| is_entry(line)) {
        let entry: Vec<&str> = lines.iter().skip(at + 1).take_while(|line| !is_entry(line)).copied().collect();
        let mut error = |rule: &str| findings.push(Finding::error(&source.path, at + 1, rule, WHY));
        let address = entry.iter().find_map(|line| line.strip_prefix("\"resolved\": \""));
        if address.is_some_and(|address| !address.starts_with(REGISTRY)) {
            error("a package that is not from npm's registry");
        }
        if !entry.iter().any(|line| line.starts_with("\"integrity\": \"sha512-")) {
            error("a package without a SHA-512 checksum");
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let source = Source { path: "frontend/package-lock.json".to_owned(), text: text.to_owned() };
        check(&[source]).into_iter().map(|finding| format!("{}: {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn a_package_of_another_source_or_without_a_checksum_is_found() {
        let good = "\"node_modules/a\": {\n\"integrity\": \"sha512-a==\"\n},\n\"node_modules/b\": {\n\
            \"resolved\": \"https://registry.npmjs.org/b.tgz\",\n\"integrity\": \"sha512-b==\"\n}";
        assert_eq!(found(good), [""; 0]);
        let other = good.replace("registry.npmjs.org", "example.org");
        assert_eq!(found(&other), ["4: a package that is not from npm's registry"]);
        assert_eq!(found(&good.replace("sha512-a", "sha1-a")), ["1: a package without a SHA-512 checksum"]);
    }
}
