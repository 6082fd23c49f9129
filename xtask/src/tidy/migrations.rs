//! Checks the numbers of a service's migrations: some belong to the tables of messaging, with which they are applied in
//! one sequence.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;
use std::collections::HashMap;

const FOLDER: &str = "migrations/";
const WHY: &str = "both are applied in one sequence, see \"Migrations\" in CONTRIBUTING.md";

/// Checks `migrations/orders/0003_orders.sql` and so on.
pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = HashMap::new();
    for source in sources {
        let Some((schema, number)) = numbered(&source.path) else { continue };
        if is_reserved(number) {
            let text = format!("number {number} belongs to messaging: use 2 to 4, or 20 and more");
            findings.push(Finding::error(&source.path, 1, text, WHY));
        }
        if let Some(other) = seen.insert((schema, number), &source.path) {
            let text = format!("number {number} is also that of {other}");
            findings.push(Finding::error(&source.path, 1, text, "a number identifies an applied migration"));
        }
    }
    findings
}

/// The schema and the number of a service's migration.
fn numbered(path: &str) -> Option<(&str, u64)> {
    let (schema, file) = path.strip_prefix(FOLDER)?.split_once('/')?;
    let digits = file.strip_suffix(".sql")?.split('_').next()?;
    Some((schema, digits.parse().ok()?))
}

/// Whether a number is for the migrations of `shared/messaging`.
fn is_reserved(number: u64) -> bool {
    number <= 1 || (5..20).contains(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(paths: &[&str]) -> Vec<String> {
        let sources: Vec<Source> =
            paths.iter().map(|path| Source { path: (*path).to_owned(), text: String::new() }).collect();
        check(&sources).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_number_of_messaging_is_refused() {
        for path in ["migrations/parcels/0001_a.sql", "migrations/parcels/0005_a.sql", "migrations/parcels/19_a.sql"] {
            assert_eq!(rules(&[path]).len(), 1, "{path}");
        }
        for path in [
            "migrations/parcels/0002_a.sql",
            "migrations/parcels/0004_a.sql",
            "migrations/parcels/0020_a.sql",
            "migrations/tests/it/note.sql",
            "shared/messaging/migrations/0005_a.sql",
        ] {
            assert!(rules(&[path]).is_empty(), "{path}");
        }
    }

    #[test]
    fn two_migrations_with_one_number_are_refused() {
        let paths = ["migrations/a/0020_x.sql", "migrations/b/0020_x.sql", "migrations/a/20_y.sql"];
        assert_eq!(rules(&paths), ["number 20 is also that of migrations/a/0020_x.sql"]);
    }

    #[test]
    fn every_number_of_messaging_is_reserved() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/messaging/migrations");
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let number = name.split('_').next().unwrap().parse().unwrap();
            assert!(is_reserved(number), "{name}");
            count += 1;
        }
        assert!(count > 0);
    }
}
