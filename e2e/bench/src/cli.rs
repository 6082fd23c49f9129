//! What to measure, and where it is.

use crate::parts::Part;
use std::path::PathBuf;

/// Measures the running system. Started by `cargo xtask bench`, which starts the system first.
#[derive(Debug, clap::Parser)]
pub(crate) struct Cli {
    /// End with one line of JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Orders through the gateway: idle, flat out, and at a constant rate
    Orders(Orders),
    /// Idle sockets through the gateway: bytes of each in every process, and the time to tell all
    Sockets(Sockets),
    /// The gateway against nginx, before the same upstream, in turns
    Gateway(Gateway),
    /// The relay against a bare publisher, and the inbox one by one, in batches and in sets
    Relay(Relay),
    /// Answers as fast as it can: what stands behind gateway and nginx
    #[command(hide = true)]
    Upstream {
        /// Where it listens
        host: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Orders {
    #[command(flatten)]
    pub(crate) system: System,

    /// Seconds of each load
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,

    /// Users who order, each with a socket that watches
    #[arg(long, default_value_t = 64)]
    pub(crate) users: i64,

    /// Connections that order at the same time when flat out
    #[arg(long, default_value_t = 64)]
    pub(crate) connections: usize,

    /// Orders per second of the constant rate; 70 % of what flat out has finished per second unless given
    #[arg(long)]
    pub(crate) rate: Option<f64>,

    /// Orders placed one after the other, for the idle latency
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

    /// Sockets that are opened
    #[arg(long, default_value_t = 10_000)]
    pub(crate) sockets: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Gateway {
    /// The program of the gateway
    #[arg(long = "gateway")]
    pub(crate) program: PathBuf,

    /// The program of nginx
    #[arg(long, default_value = "/usr/sbin/nginx")]
    pub(crate) nginx: PathBuf,

    /// A folder for configuration and logs
    #[arg(long)]
    pub(crate) folder: PathBuf,

    /// Seconds of each turn
    #[arg(long, default_value_t = 4)]
    pub(crate) seconds: u64,

    /// Connections that ask at the same time
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: usize,

    /// Turns of each
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Relay {
    /// A database of its own, with the right to create tables
    #[arg(long)]
    pub(crate) database_url: String,

    /// The broker
    #[arg(long)]
    pub(crate) amqp_url: String,

    /// A folder on the disk that the database writes to
    #[arg(long)]
    pub(crate) folder: PathBuf,

    /// Events of each turn
    #[arg(long, default_value_t = 20_000)]
    pub(crate) events: usize,

    /// Turns of each
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
}

/// The running product.
#[derive(Debug, clap::Args)]
pub(crate) struct System {
    /// The gateway's address, `127.0.0.1:8000`
    #[arg(long)]
    pub(crate) api: String,

    /// The database's administrator
    #[arg(long)]
    pub(crate) database_url: String,

    /// A process that is measured, `orders-service=1234`; those it starts count with it
    #[arg(long = "part")]
    pub(crate) parts: Vec<Part>,

    /// A folder on the disk that the database writes to
    #[arg(long)]
    pub(crate) folder: PathBuf,
}
