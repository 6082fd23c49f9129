//! The state shared by all requests.

use crate::auth::{Authenticator, RefusalReason};
use crate::config::{AuthMode, Config};
use crate::forward::target::Service;
use crate::limits::Limits;
use crate::preview::Previews;
use crate::rate_limit::{LimitKeys, RateLimits, client_address};
use crate::refusals::Refusals;
use crate::shares::{ClientLimits, Shares};
use crate::tunnel::Tunnels;
use crate::upstream::{BaseUrl, Upstream};
use http::HeaderMap;
use http_api::problem::Problem;
use http_server::request_id::REQUEST_ID;
use identity::SigningKey;
use std::net::IpAddr;
use std::sync::Arc;
use tls::ClientTls;

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
    /// The open connections of clients, without tunnels.
    pub(crate) connections: Shares,
    /// The bodies that are arriving.
    pub(crate) uploads: Shares,
    /// The photos that are arriving or being read.
    pub(crate) photos: Shares,
    /// Titles of bills, for previews of links.
    pub(crate) previews: Previews,
    /// For the audit trail.
    pub(crate) refusals: Refusals,
}

impl Gateway {
    /// A gateway without open connections.
    pub(crate) fn new(
        config: Config,
        authenticator: Authenticator,
        rate_limits: Option<RateLimits>,
        client: &ClientTls,
        limits: Limits,
    ) -> Self {
        let mode = config.mode();
        let shares = |per_user, per_address| shares(mode, per_user, per_address);
        let upstream = |name, base: &BaseUrl, key: &Option<SigningKey>| {
            Upstream::new(name, base.clone(), key.clone(), client.clone(), limits)
        };
        Self {
            orders: upstream("orders-service", &config.orders_url, &config.orders_key),
            payments: upstream("payments-service", &config.payments_url, &config.payments_key),
            ocr: upstream("ocr-service", &config.ocr_url, &config.ocr_key),
            router: upstream("router-service", &config.router_url, &config.router_key),
            users: upstream("users-service", &config.users_url, &config.users_key),
            tunnels: Tunnels::new(limits.tunnels, shares(limits.tunnels_per_user, limits.tunnels_per_address)),
            connections: shares(usize::MAX, limits.connections_per_address),
            uploads: shares(limits.uploads_per_user, limits.uploads_per_address),
            photos: shares(limits.photos_per_user, limits.photos_per_address),
            previews: Previews::default(),
            refusals: Refusals::default(),
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

    /// Counts a refusal for the audit trail.
    pub(crate) fn count_refusal(&self, reason: RefusalReason, user: Option<i64>, headers: &HeaderMap, peer: IpAddr) {
        let address = client_address(peer, headers, self.config.trust_forwarded).to_canonical();
        let request_id = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
        self.refusals.count(reason, user, address, request_id);
    }

    /// Counts a call that the gateway answers itself.
    ///
    /// # Errors
    /// As [`RateLimits::count`].
    pub(crate) async fn count_call(&self, peer: IpAddr, headers: &HeaderMap, user: Option<i64>) -> Result<(), Problem> {
        let Some(rate_limits) = &self.rate_limits else { return Ok(()) };
        let address = client_address(peer, headers, self.config.trust_forwarded);
        rate_limits.count(&LimitKeys { address, user, has_password: false, joins: None }).await
    }
}

/// In development, where everyone has the same address, clients have as much as they like, as they may call as fast as
/// they can.
fn shares(mode: AuthMode, per_user: usize, per_address: usize) -> Shares {
    Shares::new(match mode {
        AuthMode::Header => None,
        AuthMode::Jwt => Some(ClientLimits { per_user, per_address }),
    })
}
