//! Checks imports between the modules of a service: api, inbox, domain, store.

use crate::tidy::circles::file::File;
use crate::tidy::finding::Finding;
use crate::tidy::sources::Source;

/// A module, the modules it must not import, and why.
const FORBIDDEN_IMPORTS: [(&str, &[&str], &str); 4] = [
    ("api", &["inbox"], "requests and events are independent inputs"),
    ("inbox", &["api"], "requests and events are independent inputs"),
    ("store", &["api", "inbox"], "the store is called and calls no other module"),
    ("domain", &["api", "inbox", "store"], "the domain does not depend on outer modules"),
];

/// The top-level module of a service's file: `orders-service/src/domain/order.rs` is in `domain`.
pub(super) fn module(path: &str) -> Option<&str> {
    let (service, inside) = path.split_once("/src/")?;
    let inside = inside.strip_suffix(".rs")?;
    if !service.ends_with("-service") {
        return None;
    }
    inside.split('/').next()
}

/// The path of a service's file as a module: `orders-service/src/domain/order.rs` is `crate::domain::order`.
pub(super) fn module_path(path: &str) -> Option<Vec<String>> {
    module(path)?;
    let (_, inside) = path.split_once("/src/")?;
    let inside = inside.strip_suffix(".rs")?;
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    Some(["crate"].into_iter().chain(inside.split('/')).map(str::to_owned).collect())
}

/// Checks one file of a service.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let (Some(module), Some(path)) = (module(&source.path), module_path(&source.path)) else {
        return Vec::new();
    };
    let Some((_, forbidden, why)) = FORBIDDEN_IMPORTS.iter().find(|(name, ..)| *name == module) else {
        return Vec::new();
    };
    let file = File::read(&source.text, &path);
    let imports = file.imports.iter().map(|import| (import.line, &import.path));
    let used = imports.chain(file.paths.iter().map(|(line, path)| (*line, path)));
    let mut findings: Vec<Finding> = used
        .filter(|(_, path)| path.first().is_some_and(|first| first == "crate"))
        .filter_map(|(line, path)| {
            Some((line, forbidden.iter().find(|other| path.get(1).is_some_and(|p| p == *other))?))
        })
        .map(|(line, other)| {
            let text = format!("`{module}` must not import `{other}`");
            Finding::error(&source.path, line, text, why)
        })
        .collect();
    findings.dedup();
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        check(&Source { path: path.to_owned(), text: text.to_owned() }).len()
    }

    #[test]
    fn api_and_inbox_do_not_import_each_other() {
        let api = "orders-service/src/api/place_order.rs";
        assert_eq!(findings(api, "use crate::inbox::paid;"), 1);
        assert_eq!(findings(api, "use crate::{domain, inbox};"), 1);
        assert_eq!(findings(api, "use crate::domain::inbox_size;"), 0);
        assert_eq!(findings("orders-service/src/store/orders.rs", "use crate::api::x;"), 1);
    }

    #[test]
    fn every_spelling_of_an_import_is_found() {
        let order = "orders-service/src/domain/order.rs";
        for text in [
            "use crate::{\n    domain::method,\n    store,\n};",
            "use crate::{domain::{self, method}, store::{orders, accounts}};",
            "use super::super::store::orders;",
            "fn f() { super::super::store::orders::find(); }",
            "fn f() {\n    crate::store::orders::find();\n}",
            "mod inner { use super::super::super::api; }",
            "pub use crate::store as other;",
        ] {
            assert_eq!(findings(order, text), 1, "{text}");
        }
        assert_eq!(findings("orders-service/src/domain/mod.rs", "use super::store;"), 1);
        assert_eq!(findings(order, "use super::store;"), 0, "that is `crate::domain::store`");
        assert_eq!(findings(order, "//! [`crate::store`]\n#[cfg(test)]\nmod tests { use crate::store; }"), 0);
    }

    #[test]
    fn only_services_have_these_modules() {
        assert_eq!(module("shared/messaging/src/store.rs"), None);
        assert_eq!(module("orders-service/src/domain.rs"), Some("domain"));
        assert_eq!(module("orders-service/tests/it/api.rs"), None);
    }
}
