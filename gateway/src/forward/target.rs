//! The destination of a route.

use crate::gateway::Gateway;
use crate::upstream::Upstream;
use std::sync::Arc;

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
    /// The connections of this gateway to the service.
    pub(crate) fn upstream(self, gateway: &Gateway) -> &Arc<Upstream> {
        match self.service {
            Service::Orders => &gateway.orders,
            Service::Payments => &gateway.payments,
            Service::Ocr => &gateway.ocr,
            Service::Router => &gateway.router,
            Service::Users => &gateway.users,
        }
    }

    /// The path without the prefix, as the service knows it.
    pub(crate) fn strip(self, path: &str) -> &str {
        match path.strip_prefix(self.prefix) {
            Some("") => "/",
            Some(rest) => rest,
            None => path,
        }
    }
}
