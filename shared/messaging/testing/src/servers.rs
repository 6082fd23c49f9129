//! Where the test servers are, and names that no other test has.

/// The variables that name the servers.
pub(crate) struct Servers {
    /// URL of a PostgreSQL, as an administrator.
    pub(crate) database: String,
    /// URL of a RabbitMQ.
    pub(crate) broker: String,
    /// URL of that RabbitMQ's management interface.
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

/// Fit for a database and for a virtual host.
pub(crate) fn unique_name() -> String {
    format!("messaging_testing_{}", uuid::Uuid::now_v7().simple())
}
