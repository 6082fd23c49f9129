//! Which programs the machine lacks, and the packages that bring them.

use servers::{find_program, postgres_folder};

/// What a command needs from the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// A private PostgreSQL.
    Postgres,
    /// A private RabbitMQ.
    RabbitMq,
    /// A private Redis.
    Redis,
    /// A browser for the tests.
    Chromium,
    /// Any Node at all, to fetch the right one.
    Npm,
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Postgres => postgres_folder().is_some(),
            Self::RabbitMq => find_program("rabbitmq-server").is_some(),
            Self::Redis => find_program("redis-server").is_some(),
            Self::Chromium => find_program("chromium").is_some(),
            Self::Npm => find_program("npm").is_some(),
        }
    }

    /// Debian's name for it. A C compiler is not in the list: without one this program could not have been linked.
    fn package(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::RabbitMq => "rabbitmq-server",
            Self::Redis => "redis-server",
            Self::Chromium => "chromium",
            Self::Npm => "npm",
        }
    }
}

/// The packages to install so that all `needs` are met.
pub(crate) fn missing(needs: &[Need]) -> Vec<&'static str> {
    needs.iter().filter(|need| !need.is_met()).map(|need| need.package()).collect()
}
