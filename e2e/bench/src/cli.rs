//! The command line of the benchmarks.

use crate::parts::Part;
use std::path::PathBuf;

/// Measures a running system. Started by `cargo xtask bench`, which starts the system first.
#[derive(Debug, clap::Parser)]
pub(crate) struct Cli {
    /// Print the result as one line of JSON at the end.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Latency of orders through the gateway: idle, at maximum load, and at a constant rate
    Orders(Orders),
    /// Idle sockets through the gateway: memory per socket in every process, and the time to notify all
    Sockets(Sockets),
    /// The gateway compared with nginx, alternating, with the same upstream
    Gateway(Gateway),
    /// The relay compared with a bare publisher, and the inbox with single events, batches and sets
    Relay(Relay),
    /// Internal: the upstream behind gateway and nginx, which responds as fast as possible
    #[command(hide = true)]
    Upstream {
        /// Address to listen on
        host: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Orders {
    #[command(flatten)]
    pub(crate) system: System,

    /// Duration of each load in seconds
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,

    /// Number of users who place orders, each with an open socket
    #[arg(long, default_value_t = 64)]
    pub(crate) users: i64,

    /// Number of concurrent connections at maximum load
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,

    /// Constant rate in orders per second; default: 70 % of the rate completed at maximum load
    #[arg(long)]
    pub(crate) rate: Option<f64>,

    /// Number of orders placed one after another, for the idle latency
    #[arg(long = "idle-orders", default_value_t = 300)]
    pub(crate) one_by_one: usize,

    /// Let the database analyse its tables after fifty orders, before the load
    #[arg(long)]
    pub(crate) young: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Sockets {
    #[command(flatten)]
    pub(crate) system: System,

    /// Number of sockets
    #[arg(long, default_value_t = 10_000)]
    pub(crate) sockets: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gateway {
    /// Path of the gateway program
    #[arg(long = "gateway")]
    pub(crate) program: PathBuf,

    /// Path of the nginx program
    #[arg(long, default_value = "/usr/sbin/nginx")]
    pub(crate) nginx: PathBuf,

    /// Folder for configuration and logs
    #[arg(long)]
    pub(crate) folder: PathBuf,

    /// Duration of each round in seconds
    #[arg(long, default_value_t = 4)]
    pub(crate) seconds: u64,

    /// Number of concurrent connections
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: usize,

    /// Number of rounds of each variant
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Relay {
    /// URL of a separate database, as a user who may create tables
    #[arg(long)]
    pub(crate) database_url: String,

    /// URL of the broker
    #[arg(long)]
    pub(crate) amqp_url: String,

    /// A folder on the same disk as the database
    #[arg(long)]
    pub(crate) folder: PathBuf,

    /// Number of events per round
    #[arg(long, default_value_t = 20_000)]
    pub(crate) events: usize,

    /// Number of rounds of each variant
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
}

/// The running system.
#[derive(Debug, clap::Args)]
pub(crate) struct System {
    /// Address of the gateway, such as `127.0.0.1:8000`
    #[arg(long)]
    pub(crate) api: String,

    /// URL of the database, as an administrator
    #[arg(long)]
    pub(crate) database_url: String,

    /// A process to measure, such as `orders-service=1234`; its children are included
    #[arg(long = "part")]
    pub(crate) parts: Vec<Part>,

    /// A folder on the same disk as the database
    #[arg(long)]
    pub(crate) folder: PathBuf,
}
