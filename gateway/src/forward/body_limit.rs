//! How large the body of a request may be, and how long it may take: as much as its route needs.

use crate::edge::operations::is_operations_path;
use crate::forward::target::{Service, Target};
use crate::limits::Limits;
use http::Method;
use std::time::Duration;

/// The limits of one body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BodyLimit {
    pub(super) bytes: u64,
    /// From its first to its last byte.
    pub(super) time: Duration,
}

/// The limits of the body of a request for `path`, which is without the service's prefix.
pub(super) fn of(limits: &Limits, target: Target, method: &Method, path: &str) -> BodyLimit {
    let large = |bytes| BodyLimit { bytes, time: limits.upload };
    let small = |bytes| BodyLimit { bytes, time: limits.small_upload };
    if is_operations_path(path) {
        return large(limits.body_bytes);
    }
    match target.service {
        Service::Ocr if is_photo(target, method, path) => large(limits.multipart_bytes),
        // A corrected bill, and shares: both have a part per line or participant.
        Service::Router if path.ends_with("/cheque") || path.ends_with("/method") => large(limits.body_bytes),
        Service::Users => small(limits.password_bytes),
        Service::Orders | Service::Payments | Service::Ocr | Service::Router => small(limits.small_body_bytes),
    }
}

/// Whether the body is a photo that will be read.
pub(super) fn is_photo(target: Target, method: &Method, path: &str) -> bool {
    target.service == Service::Ocr && *method == Method::POST && path == "/load-image"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_accepts_what_it_needs() {
        let limits = Limits::default();
        let bytes = |service, method, path| of(&limits, Target { name: "", prefix: "", service }, &method, path).bytes;
        assert_eq!(bytes(Service::Users, Method::POST, "/login"), 4096);
        assert_eq!(bytes(Service::Users, Method::POST, "/operations/dead-letters/x"), 1024 * 1024);
        assert_eq!(bytes(Service::Orders, Method::POST, "/orders"), 16 * 1024);
        assert_eq!(bytes(Service::Router, Method::PATCH, "/lBF2niuPbm/cheque"), 1024 * 1024);
        assert_eq!(bytes(Service::Router, Method::POST, "/lBF2niuPbm/participants"), 16 * 1024);
        assert!(bytes(Service::Ocr, Method::POST, "/load-image") > 10 * 1024 * 1024);
        assert_eq!(bytes(Service::Ocr, Method::POST, "/load-image/x"), 16 * 1024);
    }
}
