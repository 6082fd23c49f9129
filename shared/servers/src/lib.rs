//! Private PostgreSQL, RabbitMQ and Redis servers: each in its own folder, on loopback, and stopped by process id.
//!
//! ```no_run
//! use servers::{Port, RabbitMq, RabbitMqOptions};
//!
//! let mut broker = RabbitMq::start(RabbitMqOptions::new("/tmp/story/rabbitmq"))?;
//! let url = broker.url();
//! broker.stop();
//! broker.start_again()?; // same data, same ports, same url
//! # Ok::<(), servers::StartError>(())
//! ```

mod error;
mod log_tail;
mod open_files;
mod ports;
mod process;
mod programs;
mod secret;

mod daemon;
pub mod probe;

mod broker_user;
mod certificates;
mod chroot;
mod epmd;
mod postgres;
mod rabbitmq;
mod redis;
mod unprivileged;

pub use broker_user::BrokerUser;
pub use certificates::TlsFiles;
pub use daemon::{Daemon, Launch, Stopped, stop_leftover};
pub use error::StartError;
pub use log_tail::tail;
pub use open_files::raise_open_files;
pub use ports::{Port, is_free, pick};
pub use postgres::{Durability, Postgres, PostgresOptions};
pub use process::{Process, is_root, leave_session};
pub use programs::{Programs, ROOT_VARIABLE, find as find_program, postgres_folder};
pub use rabbitmq::{RabbitMq, RabbitMqOptions};
pub use redis::{Redis, RedisOptions};
pub use rustix::process::Signal;
pub use secret::{private_folder, random as random_secret, stored as stored_secret, write_private};
