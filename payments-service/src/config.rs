//! The configuration of payments-service.

use process::config::Command;
use service::ServiceConfig;
use std::net::SocketAddr;

/// Accounts, the ledger, and the payment of orders.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8002")]
    pub listen_addr: SocketAddr,

    /// What all services share.
    #[command(flatten)]
    pub service: ServiceConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}
