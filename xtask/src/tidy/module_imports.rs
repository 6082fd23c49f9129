//! Checks imports between the modules of a service: api, inbox, domain, store.

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

/// Checks one file of a service.
pub(super) fn check(source: &Source) -> Vec<Finding> {
    let Some(module) = module(&source.path) else {
        return Vec::new();
    };
    let Some((_, forbidden, why)) = FORBIDDEN_IMPORTS.iter().find(|(name, ..)| *name == module) else {
        return Vec::new();
    };
    source
        .code()
        .flat_map(|(line, code)| {
            forbidden.iter().filter(move |other| names(code, other)).map(move |other| {
                let text = format!("`{module}` must not import `{other}`");
                Finding::error(&source.path, line, text, why)
            })
        })
        .collect()
}

/// Whether a line names a module of its own crate, alone or in a list: `crate::api`, `crate::{api, store}`.
fn names(code: &str, module: &str) -> bool {
    let Some((_, after)) = code.split_once("crate::") else {
        return false;
    };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    match after.strip_prefix('{') {
        Some(list) => list.split(',').any(|item| item.trim().split(|c| !is_word(c)).next() == Some(module)),
        None => after.split(|c| !is_word(c)).next() == Some(module),
    }
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
    fn only_services_have_these_modules() {
        assert_eq!(module("shared/messaging/src/store.rs"), None);
        assert_eq!(module("orders-service/src/domain.rs"), Some("domain"));
        assert_eq!(module("orders-service/tests/it/api.rs"), None);
    }
}
