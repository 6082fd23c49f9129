//! The destination of a route.

/// A service, and the path prefix that it does not know.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// The route's name in metrics.
    pub(crate) name: &'static str,
    /// The path prefix that is removed: `/orders`, or empty.
    pub(crate) prefix: &'static str,
    /// The service.
    pub(crate) service: Service,
}

/// The services behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Orders,
    Payments,
    Ocr,
    Router,
    Users,
}

impl Target {
    /// The path without the prefix, as the service knows it.
    pub(crate) fn strip(self, path: &str) -> &str {
        match path.strip_prefix(self.prefix) {
            Some("") => "/",
            Some(rest) => rest,
            None => path,
        }
    }
}
