//! Checks that handlers use extractors whose rejections are problem documents: axum's own answer with plain text.

use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;
use crate::tidy::tokens::{Token, tokens};

/// Extractors of axum that can reject a request, and what to use instead.
const BARE: [(&str, &str); 8] = [
    ("Path", "`http_api::extract::Path`"),
    ("RawPathParams", "`http_api::extract::Path`"),
    ("Query", "`http_api::extract::Query`"),
    ("Form", "a body of `http_api::body`"),
    ("RawForm", "a body of `http_api::body`"),
    ("Extension", "`State`"),
    ("WebSocketUpgrade", "`live_sockets::Upgrade`"),
    ("Multipart", "`Result<Multipart, MultipartRejection>`, which the handler turns into a problem"),
];
const JSON: &str = "a body of `http_api::body`";

const WHY: &str = "every error is a problem document, see docs/problems.md";

/// Checks one file of a program.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    if !source.is("rs") || !source.path.contains("/src/") || source.path.starts_with("xtask/") {
        return Vec::new();
    }
    let tokens = tokens(&source.text);
    // A file that defines an extractor, or names the rejection, turns it into a problem.
    if tokens.windows(2).any(|pair| pair[0].text == "type" && pair[1].text == "Rejection")
        || tokens.iter().any(|token| token.text == "MultipartRejection" || token.text == "MultipartError")
    {
        return Vec::new();
    }
    let found = (0..tokens.len()).filter_map(|at| Some((tokens[at], instead_of(&tokens, at)?)));
    found
        .map(|(token, instead)| {
            let text = format!("the extractor `{}` of axum: use {instead}", token.text);
            Finding::error(&source.path, token.line, text, WHY)
        })
        .collect()
}

/// What to use instead of the token, if it is a bare extractor.
fn instead_of(tokens: &[Token<'_>], at: usize) -> Option<&'static str> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text);
    let before = |count: usize| at.checked_sub(count).map_or("", text);
    // As an argument. As a result, `Json` is no extractor; and sqlx has one, too.
    if text(at) == "Json" && before(1) == ":" && text(at + 1) == "<" {
        let is_of_axum = |index: &usize| text(*index) == "Json" && is_imported(tokens, *index);
        return (0..tokens.len()).any(|index| is_of_axum(&index)).then_some(JSON);
    }
    let (_, instead) = BARE.iter().find(|(name, _)| *name == text(at))?;
    let is_path = before(1) == "::" && before(2) == "extract" && (before(3) != "::" || before(4) == "axum");
    (is_path || is_imported(tokens, at)).then_some(instead)
}

/// Whether the token is in a list of `use axum::{..}` or `use axum::extract::{..}`.
fn is_imported(tokens: &[Token<'_>], at: usize) -> bool {
    let start = tokens[..at].iter().rposition(|token| token.text == ";" || token.text == "use");
    let Some(start) = start.filter(|start| tokens[*start].text == "use") else { return false };
    let begin: Vec<&str> = tokens[start + 1..at].iter().take(2).map(|token| token.text).collect();
    begin == ["axum", "::"]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<usize> {
        let findings = check(&Source { path: path.to_owned(), text: text.to_owned() });
        findings.into_iter().map(|finding| finding.line).collect()
    }

    const API: &str = "orders-service/src/api/get_order.rs";

    #[test]
    fn an_extractor_that_answers_with_plain_text_is_found() {
        assert_eq!(found(API, "use axum::extract::Path;"), [1]);
        assert_eq!(found(API, "use axum::{Router,\n    extract::{State, Query},\n};"), [2]);
        assert_eq!(found(API, "use axum::extract;\nfn a(extract::Path(b): extract::Path<u8>) {}"), [2, 2]);
        assert_eq!(found(API, "fn a(axum::Extension(b): B) {}"), [0; 0]);
        assert_eq!(found(API, "use axum::Extension;"), [1]);
        assert_eq!(found(API, "use axum::{Json, extract};\nfn a(Json(b): Json<B>) {}"), [2]);
        assert_eq!(found("shared/http-api/src/docs.rs", "use axum::extract::ws::WebSocketUpgrade;"), [1]);
    }

    #[test]
    fn own_extractors_answers_and_tests_are_not_found() {
        assert_eq!(found(API, "use http_api::extract::{Path, Query};\nfn a(http_api::extract::Path(b): P) {}"), [0; 0]);
        assert_eq!(found(API, "use axum::Json;\nfn a() -> Result<Json<B>, Problem> { Json(b) }"), [0; 0]);
        assert_eq!(found(API, "use sqlx::types::Json;\nstruct A { b: Json<B> }"), [0; 0]);
        assert_eq!(found(API, "use axum::extract::{Multipart, multipart::MultipartRejection};"), [0; 0]);
        assert_eq!(found(API, "use axum::extract::Path;\nimpl E for P { type Rejection = Problem; }"), [0; 0]);
        assert_eq!(found("gateway/tests/it/service.rs", "use axum::extract::Path;"), [0; 0]);
        assert_eq!(found(API, "#[cfg(test)]\nmod tests { use axum::extract::Path; }"), [0; 0]);
    }
}
