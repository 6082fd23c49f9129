//! Checks that a service's `domain` is pure: rules that can be tested with plain values.

use crate::tidy::circles::file::File;
use crate::tidy::finding::Finding;
use crate::tidy::module_imports::module_path;
use crate::tidy::sources::Source;

/// Text that must not occur in a domain, and why.
const FORBIDDEN: [(&str, &str); 20] = [
    ("async ", "rules do not wait"),
    (".await", "rules do not wait"),
    ("sqlx", "SQL belongs in store"),
    ("tokio", "rules do not wait"),
    ("lapin", "the broker belongs in rabbit-outbox"),
    ("rabbit_outbox::", "the broker belongs in rabbit-outbox"),
    ("http_api::", "rules do not depend on HTTP"),
    ("identity::", "rules do not depend on HTTP"),
    ("postgres::", "SQL belongs in store"),
    ("process::", "time is an argument"),
    ("axum", "rules do not depend on HTTP"),
    ("http::", "rules do not depend on HTTP"),
    ("SystemTime", "time is an argument"),
    ("Instant::", "time is an argument"),
    ("now_utc", "time is an argument"),
    ("now_v7", "ids are arguments"),
    ("new_v4", "ids are arguments"),
    ("rand::", "randomness is an argument"),
    ("std::env", "configuration is an argument"),
    ("std::fs", "rules do no I/O"),
];

/// Checks one file of a domain.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Some(path) = module_path(&source.path).filter(|path| path.get(1).is_some_and(|module| module == "domain"))
    else {
        return Vec::new();
    };
    let file = File::read(&source.text, &path);
    // As one path, also if the declaration has several lines: `use std::{env}`. A name of its own is not a crate.
    let foreign = file.imports.iter().filter(|import| import.path.first().is_some_and(|first| first != "crate"));
    let imports = foreign.map(|import| (import.line, import.path.join("::") + "::"));
    let lines = source.code().map(|(line, code)| (line, code.to_owned()));
    let mut findings: Vec<Finding> = lines
        .chain(imports)
        .flat_map(|(line, code)| {
            let found: Vec<_> = FORBIDDEN.iter().filter(|(word, _)| code.contains(word)).collect();
            found.into_iter().map(move |(word, why)| {
                let text = format!("`{}` in a domain", word.trim());
                Finding::error(&source.path, line, text, why)
            })
        })
        .collect();
    findings.sort();
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<Finding> {
        check(&Source { path: path.to_owned(), text: text.to_owned() })
    }

    #[test]
    fn a_clock_in_a_domain_is_found_with_its_line() {
        let found =
            findings("orders-service/src/domain/order.rs", "//! Orders.\nlet now = OffsetDateTime::now_utc();\n");
        assert_eq!((found.len(), found[0].line), (1, 2));
    }

    #[test]
    fn an_import_of_several_lines_is_found() {
        let order = "orders-service/src/domain/order.rs";
        assert_eq!(findings(order, "use std::{\n    collections::HashMap,\n    env,\n};").len(), 1);
        assert_eq!(findings(order, "use std::{time::{Duration, Instant}};").len(), 1);
        assert_eq!(findings(order, "use sqlx::query;").len(), 1);
    }

    #[test]
    fn comments_tests_and_other_modules_are_not_checked() {
        let text = "// tokio\n#[cfg(test)]\nmod tests { fn t() { Uuid::now_v7(); } }\n";
        assert!(findings("orders-service/src/domain/order.rs", text).is_empty());
        assert!(findings("orders-service/src/store/orders.rs", "use sqlx::query;").is_empty());
    }
}
