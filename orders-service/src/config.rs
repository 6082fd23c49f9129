//! Configuration of orders-service.

use identity::InternalAuthConfig;
use postgres::PostgresConfig;
use process::config::{Command, ProcessConfig};
use service::broker_url;
use std::net::SocketAddr;

/// Orders, their states, and their live status.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8001")]
    pub listen_addr: SocketAddr,

    /// URL of RabbitMQ: `amqp://user:password@host:port/vhost`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, value_parser = broker_url)]
    pub amqp_url: String,

    /// Seconds without an answer from the payments service after which an order's payment is requested again.
    #[arg(long, env = "ORDER_PATIENCE_SECS", default_value_t = 30)]
    pub order_patience_secs: u64,

    /// Largest number of live sockets that a user has open in this replica.
    #[arg(long, env = "LIVE_SOCKETS_PER_USER", default_value_t = 64)]
    pub live_sockets_per_user: u32,

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
