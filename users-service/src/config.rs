//! The configuration of users-service.

use identity::InternalAuthConfig;
use postgres::PostgresConfig;
use process::config::{Command, ProcessConfig};
use service::broker_url;
use std::net::SocketAddr;
use std::path::PathBuf;

/// User accounts, sign-in, and the keys of access tokens.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8004")]
    pub listen_addr: SocketAddr,

    /// The broker: `amqp://user:password@host:port/vhost`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, value_parser = broker_url)]
    pub amqp_url: String,

    /// Folder of the keys that sign tokens, shared by all replicas. Created on the first start.
    #[arg(long, env = "KEYS_DIR")]
    pub keys_dir: PathBuf,

    /// Days after which a new key is created; existing sessions stay valid.
    #[arg(long, env = "KEY_ROTATION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub key_rotation_days: u16,

    /// Logins that become administrators when they register, separated by commas.
    #[arg(long, env = "ADMIN_LOGINS", value_delimiter = ',')]
    pub admin_logins: Vec<String>,

    /// Creates demo users with a publicly known password. Allowed on loopback only.
    #[arg(long, env = "DEMO_USERS", default_value_t = false, action = clap::ArgAction::Set)]
    pub demo_users: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment on a flattened group would become the program's about text")]
    pub internal_auth: InternalAuthConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub postgres: PostgresConfig,

    #[command(flatten)]
    #[expect(missing_docs, reason = "as above")]
    pub process: ProcessConfig,

    #[command(subcommand)]
    #[expect(missing_docs, reason = "as above")]
    pub command: Option<Command>,
}
