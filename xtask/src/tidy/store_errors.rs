//! Checks that a service passes no bare error of sqlx on: it does not say what was being done.

use crate::tidy::finding::Finding;
use crate::tidy::module_imports::module;
use crate::tidy::sources::Source;
use crate::tidy::tokens::{Token, tokens};

const WHY: &str = "a `StoreError` says what was being done: see \"Errors\" in CONTRIBUTING.md";

/// Checks one file of a service.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    if module(&source.path).is_none() {
        return Vec::new();
    }
    let tokens = tokens(&source.text);
    let bare = (0..tokens.len()).filter_map(|at| Some((tokens[at].line, what(&tokens, at)?)));
    bare.map(|(line, what)| Finding::error(&source.path, line, format!("{what} `sqlx::Error`"), WHY)).collect()
}

/// What the tokens from `at` on do with a bare error. Making one to report a malformed row is allowed.
fn what(tokens: &[Token<'_>], at: usize) -> Option<&'static str> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text);
    let is = |from: usize, expected: &[&str]| expected.iter().enumerate().all(|(n, word)| text(from + n) == *word);
    if is(at, &["use", "sqlx", "::"]) {
        let names = tokens[at..].iter().take_while(|token| token.text != ";");
        return names.into_iter().any(|name| ["Error", "Result"].contains(&name.text)).then_some("an import hides");
    }
    if is(at, &["sqlx", "::", "Result"]) {
        return Some("a result with");
    }
    if !is(at, &["sqlx", "::", "Error"]) {
        return None;
    }
    if at > 0 && text(at - 1) == "]" && text(at - 2) == "from" {
        return Some("`#[from]` takes any");
    }
    let after = at + 3 + usize::from(text(at + 3) == ",");
    (text(after) == ">").then_some("a result with")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let source = |path: &str| Source { path: path.to_owned(), text: text.to_owned() };
        assert!(check(&source("shared/messaging/src/outbox.rs")).is_empty(), "only services are checked");
        let findings = check(&source("orders-service/src/store/orders.rs"));
        findings.iter().map(|finding| format!("{} {}", finding.line, finding.rule)).collect()
    }

    #[test]
    fn a_function_that_returns_a_bare_error_is_found() {
        let expected = ["2 a result with `sqlx::Error`"];
        assert_eq!(
            found("//! Orders.\npub async fn find(pool: &PgPool) -> Result<Vec<Order>, sqlx::Error> {}"),
            expected
        );
        assert_eq!(found("\nfn find() -> Result<\nOrder, sqlx::Error,\n> {}"), ["3 a result with `sqlx::Error`"]);
        assert_eq!(found("\nfn find() -> sqlx::Result<Order> {}"), expected);
    }

    #[test]
    fn an_import_and_a_conversion_of_any_error_are_found() {
        assert_eq!(found("use sqlx::{Error, PgPool};"), ["1 an import hides `sqlx::Error`"]);
        assert_eq!(found("enum E { Database(#[from] sqlx::Error) }"), ["1 `#[from]` takes any `sqlx::Error`"]);
    }

    #[test]
    fn an_error_about_a_malformed_row_and_tests_are_allowed() {
        let text =
            "use sqlx::{PgConnection, PgPool};\ntype Error = sqlx::Error;\nfn f() { sqlx::Error::Decode(e.into()) }";
        assert!(found(text).is_empty());
        assert!(found("#[cfg(test)]\nmod tests { fn f() -> Result<(), sqlx::Error> {} }").is_empty());
        assert!(found("/// Not `Result<(), sqlx::Error>`.\nfn f() -> Result<(), StoreError> {}").is_empty());
    }
}
