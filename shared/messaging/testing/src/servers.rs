//! The addresses of the test servers, and unique names on them.

/// The environment variables with the servers' URLs.
pub(crate) struct Servers {
    /// URL of a PostgreSQL server, with an administrator's credentials.
    pub(crate) database: String,
    /// URL of a RabbitMQ broker.
    pub(crate) broker: String,
    /// URL of that broker's management interface.
    pub(crate) management: String,
}

impl Servers {
    pub(crate) fn named_by_the_environment() -> Self {
        Self {
            database: variable("TEST_DATABASE_URL"),
            broker: variable("TEST_AMQP_URL"),
            management: variable("TEST_RABBITMQ_MANAGEMENT_URL"),
        }
    }
}

fn variable(name: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
    let value = std::env::var(name);
    value.unwrap_or_else(|_| panic!("{name} is not set: it names a server for tests"))
}

/// A name for a database or a virtual host.
pub(crate) fn unique_name() -> String {
    format!("messaging_testing_{}", uuid::Uuid::now_v7().simple())
}
