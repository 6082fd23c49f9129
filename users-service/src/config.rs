//! The configuration of users-service.

use crate::domain::login::Login;
use crate::lifetimes::LifetimesConfig;
use configuration::Whole;
use service::ServiceConfig;
use std::net::SocketAddr;
use std::path::PathBuf;

/// User accounts, sign-in, and the keys of access tokens.
#[derive(Clone, Debug, clap::Parser)]
#[command(version)]
pub struct Config {
    /// Address to listen on. Only the gateway should be able to reach it.
    #[arg(long, env = "LISTEN_ADDR", default_value = "127.0.0.1:8004")]
    pub listen_addr: SocketAddr,

    /// Folder of the keys that sign tokens, shared by all replicas. Created on the first start.
    #[arg(long, env = "KEYS_DIR")]
    pub keys_dir: PathBuf,

    /// Days after which a new key is created; existing sessions stay valid.
    #[arg(long, env = "KEY_ROTATION_DAYS", default_value = "30")]
    pub key_rotation_days: Whole<1, 3650>,

    /// Has no effect any more: administrators are made with `create-admin`, and by other administrators.
    #[arg(long, env = "ADMIN_LOGINS", value_delimiter = ',')]
    pub admin_logins: Vec<Login>,

    /// Creates demo users with a publicly known password. Allowed on loopback only.
    #[arg(long, env = "DEMO_USERS", default_value_t = false, action = clap::ArgAction::Set)]
    pub demo_users: bool,

    /// Days for which the audit trail is kept.
    #[arg(long, env = "AUDIT_DAYS", default_value = "365")]
    pub audit_days: Whole<30, 3650>,

    /// How long sessions last.
    #[command(flatten)]
    pub lifetimes: LifetimesConfig,

    /// What all services share.
    #[command(flatten)]
    pub service: ServiceConfig,

    /// What to do instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Subcommands; without one, the program serves.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// Requests /readyz of the running program and exits with 0 if it is ready: for container health checks.
    Healthcheck,
    /// Makes a user an administrator, who is created if there is none with this login, and prints a token with which they
    /// set their password.
    CreateAdmin {
        /// The login of the administrator.
        login: Login,
        /// Also removes the second factor of the user, who has lost it.
        #[arg(long)]
        remove_second_factor: bool,
    },
}
