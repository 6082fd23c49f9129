//! Rate limits per user and per address, with a lower one for password attempts.
//!
//! The counters are in Redis, shared by all gateways; while it is unavailable, each gateway counts alone.

mod gcra;
mod local;
mod shared;

use crate::networks::{networks_of, site_of};
use configuration::RedisUrl;
use gcra::RateLimit;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_api::problem::Problem;
use local::Local;
use redis_connection::RedisError;
use shared::Shared;
use std::net::IpAddr;
use std::time::Duration;
use tls::ConnectTls;

/// Per user.
const USER: RateLimit = RateLimit::per_second(50, 200);
/// Per address, which several users may share.
const ADDRESS: RateLimit = RateLimit::per_second(200, 800);
/// Per address, for attempts to sign in or register.
const PASSWORD: RateLimit = RateLimit::per_minute(5, 5);

/// Per site and cheque, for guests who join: a table of guests shares the address of the restaurant, and a cheque has
/// 50 places.
const JOIN: RateLimit = RateLimit::per_hour(20, 20);

/// The rate limits of the gateway.
pub(crate) struct RateLimits {
    shared: Option<Shared>,
    local: Local,
}

/// The keys that a call is counted for.
pub(crate) struct LimitKeys {
    pub(crate) address: IpAddr,
    pub(crate) user: Option<i64>,
    /// Whether the call contains a password.
    pub(crate) has_password: bool,
    /// The cheque that a guest joins with this call.
    pub(crate) joins: Option<String>,
}

impl RateLimits {
    /// Starts without local counts.
    ///
    /// # Errors
    /// When the client library refuses the URL.
    pub(crate) fn new(redis_url: Option<&RedisUrl>, tls: &ConnectTls) -> Result<Self, RedisError> {
        Ok(Self { shared: redis_url.map(|url| Shared::new(url, tls)).transpose()?, local: Local::default() })
    }

    /// Counts a call.
    ///
    /// # Errors
    /// 429 with `Retry-After` when the limit is exceeded; then the call is not counted.
    pub(crate) async fn count(&self, keys: &LimitKeys) -> Result<(), Problem> {
        let counted = keys.counted();
        let shared = match &self.shared {
            Some(shared) => shared.wait(&counted).await,
            None => None,
        };
        let wait = shared.unwrap_or_else(|| self.local.wait(&counted));
        if wait.is_zero() { Ok(()) } else { Err(too_many(wait)) }
    }
}

impl LimitKeys {
    fn counted(&self) -> Vec<(String, RateLimit)> {
        let mut counted = vec![];
        for (network, multiple) in networks_of(self.address) {
            counted.push((format!("address:{network}"), ADDRESS.times(multiple)));
            if self.has_password {
                counted.push((format!("sign-in:{network}"), PASSWORD.times(multiple)));
            }
        }
        if let Some(cheque) = &self.joins {
            counted.push((format!("join:{}:{cheque}", site_of(self.address)), JOIN));
        }
        counted.extend(self.user.map(|user| (format!("user:{user}"), USER)));
        counted
    }
}

/// The client's address: as given by the proxy in front, if it is trusted.
pub(crate) fn client_address(peer: IpAddr, headers: &HeaderMap, is_trusted: bool) -> IpAddr {
    let claimed = || {
        let hops = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        hops.rsplit(',').next()?.trim().parse().ok()
    };
    if is_trusted { claimed().unwrap_or(peer) } else { peer }
}

fn too_many(wait: Duration) -> Problem {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        "rate limit exceeded: retry after the seconds given in Retry-After",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(has_password: bool) -> LimitKeys {
        LimitKeys { address: [10, 0, 0, 1].into(), user: Some(1), has_password, joins: None }
    }

    #[tokio::test]
    async fn the_sixth_password_attempt_waits_and_other_calls_are_allowed() {
        let rate_limits = RateLimits::new(None, &ConnectTls::default()).unwrap();
        for _ in 0..5 {
            rate_limits.count(&keys(true)).await.unwrap();
        }
        let problem = rate_limits.count(&keys(true)).await.unwrap_err();
        assert_eq!((problem.status(), problem.code()), (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"));
        rate_limits.count(&keys(false)).await.unwrap();
        let elsewhere = LimitKeys { address: [10, 0, 0, 2].into(), ..keys(true) };
        rate_limits.count(&elsewhere).await.unwrap();
    }

    #[tokio::test]
    async fn without_redis_the_gateway_counts_alone() {
        let rate_limits =
            RateLimits::new(Some(&"redis://127.0.0.1:1".parse().unwrap()), &ConnectTls::default()).unwrap();
        let mut refused = 0;
        for _ in 0..8 {
            refused += u8::from(rate_limits.count(&keys(true)).await.is_err());
        }
        assert_eq!(refused, 3);
    }

    #[test]
    fn the_forwarded_address_is_used_only_if_the_proxy_is_trusted() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6, 10.0.0.5".parse().unwrap());
        let peer: IpAddr = [127, 0, 0, 1].into();
        assert_eq!(client_address(peer, &headers, false), peer);
        assert_eq!(client_address(peer, &headers, true), IpAddr::from([10, 0, 0, 5]));
        assert_eq!(client_address(peer, &HeaderMap::new(), true), peer);
    }

    #[tokio::test]
    async fn an_organisation_with_65536_ipv6_links_can_not_use_the_limit_of_each() {
        let rate_limits = RateLimits::new(None, &ConnectTls::default()).unwrap();
        let mut allowed = 0;
        for link in 0..=255 {
            let address = [0x2001, 0xdb8, 1, link << 8, 0, 0, 0, 1].into();
            allowed += u32::from(rate_limits.count(&LimitKeys { address, user: None, ..keys(true) }).await.is_ok());
        }
        assert!((20..25).contains(&allowed), "four times the tries of one link, not {allowed}");
    }

    #[tokio::test]
    async fn guests_at_one_address_can_not_take_all_places_of_a_cheque() {
        let rate_limits = RateLimits::new(None, &ConnectTls::default()).unwrap();
        let join = |cheque: &str, address: [u8; 4]| LimitKeys {
            address: address.into(),
            user: None,
            has_password: false,
            joins: Some(cheque.to_owned()),
        };
        for _ in 0..20 {
            rate_limits.count(&join("one", [10, 0, 0, 1])).await.unwrap();
        }
        assert!(rate_limits.count(&join("one", [10, 0, 0, 1])).await.is_err());
        rate_limits.count(&join("other", [10, 0, 0, 1])).await.unwrap();
        rate_limits.count(&join("one", [10, 0, 0, 2])).await.unwrap();
    }
}
