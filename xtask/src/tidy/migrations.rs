//! Checks the copies of messaging's migrations in each service's folder.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

const ORIGINALS: &str = "shared/messaging/migrations/";
const SERVICES: [&str; 5] = ["orders", "payments", "ocr", "router", "users"];

/// Checks that every original has an identical copy in each service's folder.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let originals = sources.iter().filter_map(|source| {
        let name = source.path.strip_prefix(ORIGINALS)?;
        source.is("sql").then_some((name, source))
    });
    for (name, original) in originals {
        for service in SERVICES {
            let path = format!("migrations/{service}/{name}");
            let copy = sources.iter().find(|source| source.path == path);
            match copy {
                None => findings.push(Finding::error(&original.path, 1, format!("no copy at {path}"), WHY)),
                Some(copy) if copy.text != original.text => findings.push(Finding::error(
                    &path,
                    first_difference(&copy.text, &original.text),
                    format!("differs from {}", original.path),
                    WHY,
                )),
                Some(_) => {}
            }
        }
    }
    findings
}

const WHY: &str = "each service has its own outbox and inbox, which must match the messaging crate";

fn first_difference(one: &str, other: &str) -> usize {
    let same = one.lines().zip(other.lines()).take_while(|(a, b)| a == b);
    same.count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_missing_and_a_changed_copy_are_found() {
        let found = check(&[
            source("shared/messaging/migrations/0001_outbox.sql", "a\nb\n"),
            source("migrations/orders/0001_outbox.sql", "a\nc\n"),
            source("migrations/ocr/0001_outbox.sql", "a\nb\n"),
            source("migrations/router/0001_outbox.sql", "a\nb\n"),
            source("migrations/users/0001_outbox.sql", "a\nb\n"),
        ]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].path.as_str(), found[0].line), ("migrations/orders/0001_outbox.sql", 2));
        assert!(found[1].rule.contains("migrations/payments"));
    }
}
