//! The state shared by all requests.

use crate::auth::Authenticator;
use crate::config::{AuthMode, Config};
use crate::forward::target::Service;
use crate::limits::Limits;
use crate::rate_limit::RateLimits;
use crate::tunnel::{TunnelLimits, Tunnels};
use crate::upstream::{BaseUrl, Upstream};
use http::HeaderMap;
use identity::{INTERNAL_TOKEN_HEADER, Principal};
use std::sync::Arc;

/// The running gateway.
pub(crate) struct Gateway {
    pub(crate) config: Config,
    pub(crate) authenticator: Authenticator,
    /// `None` in development, where test programs call as fast as they can.
    pub(crate) rate_limits: Option<RateLimits>,
    pub(crate) limits: Limits,
    orders: Arc<Upstream>,
    payments: Arc<Upstream>,
    ocr: Arc<Upstream>,
    router: Arc<Upstream>,
    users: Arc<Upstream>,
    pub(crate) tunnels: Tunnels,
}

impl Gateway {
    /// A gateway without open connections.
    pub(crate) fn new(
        config: Config,
        authenticator: Authenticator,
        rate_limits: Option<RateLimits>,
        limits: Limits,
    ) -> Self {
        let upstream = |name, base: &BaseUrl| Upstream::new(name, base.clone(), limits);
        Self {
            orders: upstream("orders-service", &config.orders_url),
            payments: upstream("payments-service", &config.payments_url),
            ocr: upstream("ocr-service", &config.ocr_url),
            router: upstream("router-service", &config.router_url),
            users: upstream("users-service", &config.users_url),
            tunnels: Tunnels::new(tunnel_limits(&limits, config.mode())),
            authenticator,
            rate_limits,
            limits,
            config,
        }
    }

    /// The connections to a service.
    pub(crate) fn upstream(&self, service: Service) -> &Arc<Upstream> {
        match service {
            Service::Orders => &self.orders,
            Service::Payments => &self.payments,
            Service::Ocr => &self.ocr,
            Service::Router => &self.router,
            Service::Users => &self.users,
        }
    }

    /// Adds the internal token to a request, which proves to the service that the gateway sent it, and for which user.
    pub(crate) fn add_internal_token(&self, headers: &mut HeaderMap, principal: Option<Principal>) {
        if let Some(secret) = &self.config.gateway_secret {
            headers.insert(INTERNAL_TOKEN_HEADER, secret.internal_token(principal));
        }
    }
}

/// In development, programs open as many sockets as they like, as they may call as fast as they can.
fn tunnel_limits(limits: &Limits, mode: AuthMode) -> TunnelLimits {
    let total = limits.tunnels;
    match mode {
        AuthMode::Header => TunnelLimits { total, per_user: usize::MAX, per_network: usize::MAX },
        AuthMode::Jwt => {
            TunnelLimits { total, per_user: limits.tunnels_per_user, per_network: limits.tunnels_per_address }
        }
    }
}
