//! Which pages of which service require a user.

use crate::edge::operations::is_operations_path;
use crate::forward::target::{Service, Target};
use axum::extract::Request;
use http::Method;

/// Who may request a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone: the page is public, or its URL is the secret. No user is forwarded to the service.
    Anonymous,
    /// Users, and guests with a share link.
    Guests,
    /// Users only.
    Users,
    /// Administrators only: for others the page does not exist.
    Administrators,
}

/// Who may request the page at `path`, which is without the service's prefix.
///
/// Paths are compared literally, so any other spelling of a public path requires a user.
pub(crate) fn required(service: Service, method: &Method, path: &str, is_socket: bool) -> Access {
    let is_read = !is_socket && matches!(*method, Method::GET | Method::HEAD);
    if !is_socket && is_documentation(path) {
        return Access::Anonymous;
    }
    if is_operations_path(path) {
        return Access::Administrators;
    }
    match service {
        Service::Ocr if is_read && has_secret_url(path) => Access::Anonymous,
        Service::Users if is_before_sign_in(method, path, is_read) => Access::Anonymous,
        Service::Router => Access::Guests,
        // New services too: nothing is open without a decision.
        _ => Access::Users,
    }
}

/// The pages needed before sign-in: registration, sign-in and the public keys.
fn is_before_sign_in(method: &Method, path: &str, is_read: bool) -> bool {
    match path {
        "/register" | "/login" | "/login/second-factor" | "/refresh" | "/logout" | "/password-reset" => {
            *method == Method::POST
        }
        "/.well-known/jwks.json" => is_read,
        _ => false,
    }
}

/// Whether a page of users-service accepts a password or a code of a second step, so that it could be used to guess them.
pub(crate) fn accepts_password(path: &str) -> bool {
    matches!(path, "/register" | "/login" | "/login/second-factor" | "/password" | "/password-reset")
        || path.starts_with("/second-factor/")
}

/// The cheque that this request joins: `POST /{hash}/participants`. Also one that does not exist.
pub(crate) fn joined_cheque(target: Target, request: &Request) -> Option<String> {
    const HASH_BYTES_MAX: usize = 64;
    if target.service != Service::Router || *request.method() != Method::POST {
        return None;
    }
    let hash = target.strip(request.uri().path()).strip_prefix('/')?.strip_suffix("/participants")?;
    (hash.len() <= HASH_BYTES_MAX && !hash.contains('/')).then(|| hash.to_owned())
}

fn is_documentation(path: &str) -> bool {
    path == "/openapi.json" || path == "/docs" || path.starts_with("/docs/")
}

/// The photo of a cheque, and the progress of its recognition: an `<img>` sends no headers, so the unguessable URL is
/// the permission.
fn has_secret_url(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts[..], ["", "cheques", hash, "photo"] if !hash.is_empty())
        || matches!(parts[..], ["", "readings", id] if !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documentation_is_public_and_similar_paths_are_not() {
        for path in ["/docs", "/docs/", "/docs/swagger-ui.css", "/openapi.json"] {
            assert_eq!(required(Service::Orders, &Method::GET, path, false), Access::Anonymous, "{path}");
        }
        for path in ["/", "/docsx", "/%64ocs", "/openapi.json/x", "/orders"] {
            assert_eq!(required(Service::Orders, &Method::GET, path, false), Access::Users, "{path}");
        }
        assert_eq!(required(Service::Orders, &Method::GET, "/docs", true), Access::Users);
    }

    #[test]
    fn codes_of_a_second_step_are_limited_as_passwords_are() {
        assert_eq!(required(Service::Users, &Method::POST, "/login/second-factor", false), Access::Anonymous);
        assert_eq!(required(Service::Users, &Method::GET, "/login/second-factor", false), Access::Users);
        for path in
            ["/login/second-factor", "/second-factor/set-up", "/second-factor/turn-on", "/second-factor/turn-off"]
        {
            assert!(accepts_password(path), "{path}");
        }
        for path in ["/second-factor", "/users/1/second-factor", "/me"] {
            assert!(!accepts_password(path), "{path}");
        }
        for path in ["/second-factor", "/second-factor/turn-on", "/users/1/second-factor"] {
            assert_eq!(required(Service::Users, &Method::POST, path, false), Access::Users, "{path}");
        }
    }

    #[test]
    fn a_photo_is_public_to_read_and_the_rest_of_the_cheque_is_not() {
        for path in ["/cheques/abc/photo", "/readings/abc"] {
            assert_eq!(required(Service::Ocr, &Method::GET, path, false), Access::Anonymous, "{path}");
            assert_eq!(required(Service::Ocr, &Method::DELETE, path, false), Access::Users, "{path}");
        }
        for path in
            ["/cheques/abc", "/cheques//photo", "/cheques/abc/photo/x", "/load-image", "/readings", "/readings/"]
        {
            assert_eq!(required(Service::Ocr, &Method::GET, path, false), Access::Users, "{path}");
        }
        assert_eq!(required(Service::Router, &Method::POST, "/abc/settle", false), Access::Guests);
        assert_eq!(required(Service::Router, &Method::GET, "/operations/messaging", false), Access::Administrators);
    }
}
