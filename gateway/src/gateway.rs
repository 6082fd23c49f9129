//! The state shared by all requests.

use crate::auth::Authenticator;
use crate::config::Config;
use crate::limits::Limits;
use crate::rate_limit::RateLimits;
use crate::tunnel::Tunnels;
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
    pub(crate) orders: Arc<Upstream>,
    pub(crate) payments: Arc<Upstream>,
    pub(crate) ocr: Arc<Upstream>,
    pub(crate) router: Arc<Upstream>,
    pub(crate) users: Arc<Upstream>,
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
            tunnels: Tunnels::new(limits.tunnels),
            authenticator,
            rate_limits,
            limits,
            config,
        }
    }

    /// Adds the internal token to a request, which proves to the service that the gateway sent it, and for which user.
    pub(crate) fn add_internal_token(&self, headers: &mut HeaderMap, principal: Option<Principal>) {
        if let Some(secret) = &self.config.gateway_secret {
            headers.insert(INTERNAL_TOKEN_HEADER, secret.internal_token(principal));
        }
    }
}
