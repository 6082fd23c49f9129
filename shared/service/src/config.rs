//! The configuration that all services share.

use crate::broker_url::BrokerUrl;
use identity::InternalAuthConfig;
use postgres::PostgresConfig;
use process::config::ProcessConfig;

/// The configuration that all services share; each service flattens it into its own.
#[derive(Clone, Debug, clap::Args)]
pub struct ServiceConfig {
    /// URL of RabbitMQ: `amqp://user:password@host:port/vhost`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: BrokerUrl,

    /// The keys of the gateway.
    #[command(flatten)]
    pub internal_auth: InternalAuthConfig,

    /// The database.
    #[command(flatten)]
    pub postgres: PostgresConfig,

    /// Logs, spans and shutdown.
    #[command(flatten)]
    pub process: ProcessConfig,
}
