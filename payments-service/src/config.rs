//! The configuration of payments-service.

use identity::InternalAuthConfig;
use postgres::PostgresConfig;
use process::config::{Command, ProcessConfig};
use service::broker_url;
use std::net::SocketAddr;

/// Accounts, the ledger, and the payment of orders.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8002")]
    pub listen_addr: SocketAddr,

    /// The broker: `amqp://user:password@host:port/vhost`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, value_parser = broker_url)]
    pub amqp_url: String,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment on a flattened group would become the program's about text")]
    pub internal_auth: InternalAuthConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment on a flattened group would become the program's about text")]
    pub postgres: PostgresConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub process: ProcessConfig,

    #[command(subcommand)]
    #[expect(missing_docs, reason = "as above")]
    pub command: Option<Command>,
}
