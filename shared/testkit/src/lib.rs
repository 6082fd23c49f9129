//! Real databases and brokers for tests: a database copied from a template, and a virtual host, for each test.
//!
//! The servers are started by `cargo xtask test`, which passes them in `TEST_DATABASE_URL`, `TEST_AMQP_URL`,
//! `TEST_RABBITMQ_MANAGEMENT_URL` and `TEST_REDIS_URL`. Without these variables tests fail; none is skipped.

mod broker;
mod closing;
mod database;
mod eventually;
mod management;

mod exposition;
mod http;
mod https;
pub mod openapi;
pub mod picture;
mod program;
mod raw_socket;
mod redis;
mod socket;
mod tls;

pub use broker::{BrokerUser, TestBroker};
pub use closing::{assert_close_is_answered, assert_violations_are_closed};
pub use database::{TestDatabase, services};
pub use eventually::{eventually, eventually_within};
pub use exposition::{missing_process_metrics, undescribed};
pub use http::{Client, TestResponse};
pub use https::HttpsClient;
pub use program::{LoggedError, Program};
pub use raw_socket::{Ended, RawSocket};
pub use redis::TestRedis;
pub use socket::Socket;
pub use tls::{Authority, Certificate, Protocol, TlsFront};

/// A variable set by `cargo xtask test`.
fn variable(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
    let value = std::env::var(name);
    value.unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo xtask test`"))
}

/// A unique name for a database, a schema or a virtual host.
pub fn unique(prefix: &str) -> String {
    format!("{prefix}_{}", uuid::Uuid::now_v7().simple())
}
