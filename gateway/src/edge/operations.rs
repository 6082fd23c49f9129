//! The operations pages, which only administrators may see.

use crate::edge::path::decode;

/// Whether a path, without the prefix of its service, belongs to the operations pages.
pub(crate) fn is_operations_path(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(is_operations)
}

/// Whether a path, with the prefix of its service, belongs to the operations pages: `/orders/operations/...`.
pub(crate) fn is_prefixed_operations_path(path: &str) -> bool {
    path.split('/').nth(2).is_some_and(is_operations)
}

fn is_operations(segment: &str) -> bool {
    decode(segment).is_some_and(|name| name.eq_ignore_ascii_case(b"operations"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_are_recognised_in_every_spelling_and_other_paths_are_not() {
        for path in ["/operations", "/operations/", "/operations/messaging", "/Oper%61tions/x"] {
            assert!(is_operations_path(path), "{path}");
        }
        for path in ["/", "/orders/operations", "/operationsx", "/x"] {
            assert!(!is_operations_path(path), "{path}");
        }
    }
}
