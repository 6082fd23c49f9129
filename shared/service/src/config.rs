//! The configuration that all services share.

use crate::broker_url::BrokerUrl;
use identity::InternalAuthConfig;
use postgres::PostgresConfig;
use process::config::ProcessConfig;
use tls::{ConnectTls, ConnectTlsError, ListenTls};

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

    /// The certificate.
    #[command(flatten)]
    pub listen_tls: ListenTls,

    /// The authorities, for the database, the broker and Redis.
    #[command(flatten)]
    pub connect_tls: ConnectTls,

    /// Logs, spans and shutdown.
    #[command(flatten)]
    pub process: ProcessConfig,
}

impl ServiceConfig {
    /// The configuration with the authorities in the URLs of the database and the broker.
    ///
    /// # Errors
    /// [`ConnectTlsError`] if one of them is beyond loopback and not reached with TLS, or the authorities can't be read.
    pub fn with_authorities(&self) -> Result<Self, ConnectTlsError> {
        let tls = &self.connect_tls;
        let mut config = self.clone();
        let database = &mut config.postgres;
        tls.check_database("DATABASE_URL", &database.database_url)?;
        if let Some(url) = &database.database_read_url {
            tls.check_database("DATABASE_READ_URL", url)?;
        }
        tls.check("AMQP_URL", "begin with amqps://", config.amqp_url.peer())?;
        if let Some(file) = tls.authorities()? {
            database.database_url = database.database_url.trusting(file);
            database.database_read_url = database.database_read_url.as_ref().map(|url| url.trusting(file));
            config.amqp_url = config.amqp_url.trusting(file);
        }
        Ok(config)
    }
}
