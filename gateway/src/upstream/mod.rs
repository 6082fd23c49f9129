//! The services behind the gateway and the connections to them.

mod base_url;
mod client;
mod failure;

pub(crate) use base_url::BaseUrl;
pub(crate) use client::Client;
pub(crate) use failure::SendError;

/// A service that requests are forwarded to.
pub(crate) struct Upstream {
    /// Its name in logs and metrics.
    pub(crate) name: &'static str,
    pub(crate) base: BaseUrl,
}
