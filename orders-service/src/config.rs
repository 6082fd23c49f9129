//! Configuration of orders-service.

use configuration::{Seconds, Whole};
use process::config::Command;
use service::ServiceConfig;
use std::net::SocketAddr;

/// Orders, their states, and their live status.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8001")]
    pub listen_addr: SocketAddr,

    /// Seconds without an answer from the payments service after which an order's payment is requested again.
    #[arg(long, env = "ORDER_PATIENCE_SECS", default_value = "30")]
    pub order_patience_secs: Seconds,

    /// Largest number of live sockets that a user has open in this replica.
    #[arg(long, env = "LIVE_SOCKETS_PER_USER", default_value = "64")]
    pub live_sockets_per_user: Whole<1, { u32::MAX }>,

    /// What all services share.
    #[command(flatten)]
    pub service: ServiceConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}
