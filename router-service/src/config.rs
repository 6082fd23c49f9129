//! Configuration of router-service.

use configuration::{Currency, Origin, RedisUrl, Seconds, Whole};
use process::config::Command;
use service::ServiceConfig;
use std::net::SocketAddr;

/// Share links, joint splitting of a cheque, settlement.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8005")]
    pub listen_addr: SocketAddr,

    /// URL of the cache where ocr-service stores new cheques: `redis://:password@host:port`. The service also works
    /// without it.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: RedisUrl,

    /// Base URL of share links: the gateway's address as seen by browsers.
    #[arg(long, env = "SHARE_BASE_URL", default_value = "http://localhost:8090")]
    pub share_base_url: Origin,

    /// The currency of the accounts: a code of ISO 4217 for a currency with two decimals. The gateway has it too.
    #[arg(long, env = "CURRENCY", default_value = "RUB")]
    pub currency: Currency,

    /// Days that a share link lives after the last change of its cheque. For the owner and the users who share it, a cheque
    /// stays.
    #[arg(long, env = "LINK_DAYS", default_value = "30")]
    pub link_days: Whole<1, 3650>,

    /// Seconds without an answer after which a transfer is requested again.
    #[arg(long, env = "TRANSFER_PATIENCE_SECS", default_value = "30")]
    pub transfer_patience_secs: Seconds,

    /// Largest number of live sockets that a user has open in this replica.
    #[arg(long, env = "LIVE_SOCKETS_PER_USER", default_value = "64")]
    pub live_sockets_per_user: Whole<1, { u32::MAX }>,

    /// Largest number of live sockets that a cheque has open in this replica: more than the gateway allows one address.
    #[arg(long, env = "LIVE_SOCKETS_PER_CHEQUE", default_value = "512")]
    pub live_sockets_per_cheque: Whole<1, { u32::MAX }>,

    /// What all services share.
    #[command(flatten)]
    pub service: ServiceConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}
