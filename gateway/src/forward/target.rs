//! Where a route leads.

use crate::gateway::Gateway;
use crate::upstream::Upstream;
use std::sync::Arc;

/// A service, and the part of the path that it does not know about.
#[derive(Clone, Copy)]
pub(crate) struct Target {
    /// The route's name in metrics.
    pub(crate) name: &'static str,
    /// The start of the path that is taken off: `/orders`, or nothing.
    pub(crate) prefix: &'static str,
    /// Which service.
    pub(crate) to: Service,
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
    /// The service of this gateway that is meant.
    pub(crate) fn upstream(self, gateway: &Gateway) -> &Arc<Upstream> {
        match self.to {
            Service::Orders => &gateway.orders,
            Service::Payments => &gateway.payments,
            Service::Ocr => &gateway.ocr,
            Service::Router => &gateway.router,
            Service::Users => &gateway.users,
        }
    }

    /// The path as the service knows it.
    pub(crate) fn strip(self, path: &str) -> &str {
        match path.strip_prefix(self.prefix) {
            Some("") => "/",
            Some(rest) => rest,
            None => path,
        }
    }
}
