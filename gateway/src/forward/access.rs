//! Which pages of which service need a user.

use crate::edge::operations::is_for_operators;
use crate::forward::target::Service;
use http::Method;

/// Who may ask for a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever: the page is public, or its address is the secret. The service is told of no user.
    Anonymous,
    /// Users, and guests who follow a share link.
    Guests,
    /// Users only.
    Users,
    /// Administrators only: for everybody else there is no such page.
    Administrators,
}

/// Who may ask for the page at `path`, as the service knows it.
///
/// Paths are compared as written, so that whatever is spelt otherwise needs a user.
pub(crate) fn of(service: Service, method: &Method, path: &str, is_socket: bool) -> Access {
    let is_read = !is_socket && matches!(*method, Method::GET | Method::HEAD);
    if !is_socket && is_documentation(path) {
        return Access::Anonymous;
    }
    if is_for_operators(path) {
        return Access::Administrators;
    }
    match service {
        Service::Ocr if is_read && is_secret(path) => Access::Anonymous,
        Service::Users if is_for_strangers(method, path, is_read) => Access::Anonymous,
        Service::Router => Access::Guests,
        Service::Orders | Service::Payments | Service::Ocr | Service::Users => Access::Users,
    }
}

/// What whoever is not signed in needs: to become somebody, and the keys that say so.
fn is_for_strangers(method: &Method, path: &str, is_read: bool) -> bool {
    match path {
        "/register" | "/login" | "/refresh" | "/logout" => *method == Method::POST,
        "/.well-known/jwks.json" => is_read,
        _ => false,
    }
}

/// Whether a page of users-service takes a password, which somebody might be guessing.
pub(crate) fn tries_a_password(path: &str) -> bool {
    matches!(path, "/register" | "/login" | "/password")
}

fn is_documentation(path: &str) -> bool {
    path == "/openapi.json" || path == "/docs" || path.starts_with("/docs/")
}

/// The photo of a cheque, and the progress of its reading: an `<img>` sends no header, and who knows the address may see
/// what it shows.
fn is_secret(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], ["", "cheques", hash, "photo"] if !hash.is_empty())
        || matches!(parts[..], ["", "readings", id] if !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_open_and_nothing_that_looks_like_it() {
        for path in ["/docs", "/docs/", "/docs/swagger-ui.css", "/openapi.json"] {
            assert_eq!(of(Service::Orders, &Method::GET, path, false), Access::Anonymous, "{path}");
        }
        for path in ["/", "/docsx", "/%64ocs", "/openapi.json/x", "/orders"] {
            assert_eq!(of(Service::Orders, &Method::GET, path, false), Access::Users, "{path}");
        }
        assert_eq!(of(Service::Orders, &Method::GET, "/docs", true), Access::Users);
    }

    #[test]
    fn a_photo_is_open_to_read_and_the_rest_of_the_cheque_is_not() {
        for path in ["/cheques/abc/photo", "/readings/abc"] {
            assert_eq!(of(Service::Ocr, &Method::GET, path, false), Access::Anonymous, "{path}");
            assert_eq!(of(Service::Ocr, &Method::DELETE, path, false), Access::Users, "{path}");
        }
        for path in
            ["/cheques/abc", "/cheques//photo", "/cheques/abc/photo/x", "/load-image", "/readings", "/readings/"]
        {
            assert_eq!(of(Service::Ocr, &Method::GET, path, false), Access::Users, "{path}");
        }
        assert_eq!(of(Service::Router, &Method::POST, "/abc/settle", false), Access::Guests);
        assert_eq!(of(Service::Router, &Method::GET, "/operations/messaging", false), Access::Administrators);
    }
}
