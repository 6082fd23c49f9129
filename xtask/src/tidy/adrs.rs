//! Checks that decision records are numbered without gaps.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const FOLDER: &str = "docs/adr/";

/// Checks the numbers of `docs/adr/0001-some-decision.md` and so on.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut records: Vec<&str> = sources
        .iter()
        .filter_map(|source| source.path.strip_prefix(FOLDER))
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    records.sort_unstable();
    records
        .iter()
        .zip(1_u32..)
        .filter(|(name, expected)| !name.starts_with(&format!("{expected:04}-")))
        .map(|(name, expected)| {
            Finding::error(
                &format!("{FOLDER}{name}"),
                1,
                format!("expected number {expected:04}"),
                "a gap looks like a removed decision",
            )
        })
        .take(1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(names: &[&str]) -> usize {
        let sources: Vec<Source> =
            names.iter().map(|name| Source { path: format!("{FOLDER}{name}"), text: String::new() }).collect();
        check(&sources).len()
    }

    #[test]
    fn gaps_and_doubles_are_found() {
        assert_eq!(numbered(&["0001-a.md", "0002-b.md", "README.md"]), 0);
        assert_eq!(numbered(&["0001-a.md", "0003-b.md"]), 1);
        assert_eq!(numbered(&["0001-a.md", "0001-b.md"]), 1);
    }
}
