//! The state shared by all requests.

use crate::auth::Authenticator;
use crate::config::{AuthMode, Config};
use crate::forward::target::Service;
use crate::limits::Limits;
use crate::rate_limit::RateLimits;
use crate::tunnel::{TunnelLimits, Tunnels};
use crate::upstream::{BaseUrl, Upstream};
use identity::SigningKey;
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
        let upstream =
            |name, base: &BaseUrl, key: &Option<SigningKey>| Upstream::new(name, base.clone(), key.clone(), limits);
        Self {
            orders: upstream("orders-service", &config.orders_url, &config.orders_key),
            payments: upstream("payments-service", &config.payments_url, &config.payments_key),
            ocr: upstream("ocr-service", &config.ocr_url, &config.ocr_key),
            router: upstream("router-service", &config.router_url, &config.router_key),
            users: upstream("users-service", &config.users_url, &config.users_key),
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
