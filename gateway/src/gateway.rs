//! What all requests share.

use crate::auth::Authenticator;
use crate::config::Config;
use crate::limits::Limits;
use crate::quota::Quotas;
use crate::tunnel::Tunnels;
use crate::upstream::{Client, Upstream};
use chassis::passage::{PASS_HEADER, Passenger};
use http::HeaderMap;

/// The running gateway.
pub(crate) struct Gateway {
    pub(crate) config: Config,
    pub(crate) authenticator: Authenticator,
    /// None in development, where programs of ours call as fast as they can.
    pub(crate) quotas: Option<Quotas>,
    pub(crate) limits: Limits,
    pub(crate) orders: Upstream,
    pub(crate) payments: Upstream,
    pub(crate) ocr: Upstream,
    pub(crate) router: Upstream,
    pub(crate) users: Upstream,
    pub(crate) client: Client,
    pub(crate) tunnels: Tunnels,
}

impl Gateway {
    /// A gateway without connections yet.
    pub(crate) fn new(config: Config, authenticator: Authenticator, quotas: Option<Quotas>, limits: Limits) -> Self {
        Self {
            orders: Upstream { name: "orders-service", base: config.orders_url.clone() },
            payments: Upstream { name: "payments-service", base: config.payments_url.clone() },
            ocr: Upstream { name: "ocr-service", base: config.ocr_url.clone() },
            router: Upstream { name: "router-service", base: config.router_url.clone() },
            users: Upstream { name: "users-service", base: config.users_url.clone() },
            client: Client::new(&limits),
            tunnels: Tunnels::new(limits.tunnels),
            authenticator,
            quotas,
            limits,
            config,
        }
    }

    /// Signs the head of a request, so that its service knows who let it through, and as whom.
    pub(crate) fn give_pass(&self, headers: &mut HeaderMap, caller: Option<Passenger>) {
        if let Some(secret) = &self.config.gateway_secret {
            headers.insert(PASS_HEADER, secret.pass(caller));
        }
    }
}
