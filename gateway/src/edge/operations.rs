//! The pages that only administrators may see.

use crate::edge::path::decode;
use crate::forward::target::{Service, Target};

/// Whether a path, without the prefix of its service, belongs to the operations pages.
pub(crate) fn is_operations_path(path: &str) -> bool {
    path.split('/').nth(1).is_some_and(is_operations)
}

/// Whether a path, with the prefix of its service, is for administrators: the operations pages `/orders/operations/...`,
/// the management of users, `/users/users/...`, and the audit trail.
pub(crate) fn is_for_administrators(target: Target, path: &str) -> bool {
    let page = path.split('/').nth(2).unwrap_or_default();
    is_operations(page) || (target.service == Service::Users && (is(page, b"users") || is(page, b"audit-events")))
}

fn is_operations(segment: &str) -> bool {
    is(segment, b"operations")
}

fn is(segment: &str, name: &[u8]) -> bool {
    decode(segment).is_some_and(|decoded| decoded.eq_ignore_ascii_case(name))
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

    #[test]
    fn what_is_for_administrators_is_recognised_at_every_service() {
        let to = |service| Target { name: "a", prefix: "/a", service };
        for path in [
            "/users/audit-events",
            "/users/Audit%2devents/",
            "/users/users",
            "/users/users/",
            "/users/%75sers/7/block",
            "/users/operations/messaging",
        ] {
            assert!(is_for_administrators(to(Service::Users), path), "{path}");
        }
        for path in ["/users/me", "/users", "/users/login", "/users/sessions/users"] {
            assert!(!is_for_administrators(to(Service::Users), path), "{path}");
        }
        assert!(is_for_administrators(to(Service::Orders), "/orders/operations"));
        assert!(!is_for_administrators(to(Service::Router), "/small-router/users"));
    }
}
