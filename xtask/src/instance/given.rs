//! URLs of existing servers to use instead of private ones.

use crate::checkout::variable;

/// The given URLs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    /// URL of a PostgreSQL administrator.
    pub(crate) database: Option<String>,
    /// URL of a RabbitMQ, with the user for all services.
    pub(crate) amqp: Option<String>,
    /// URL of a Redis.
    pub(crate) redis: Option<String>,
}

impl Given {
    /// Reads `DATABASE_URL`, `AMQP_URL` and `REDIS_URL`.
    pub(crate) fn from_environment() -> Self {
        Self { database: variable("DATABASE_URL"), amqp: variable("AMQP_URL"), redis: variable("REDIS_URL") }
    }
}

/// Replaces the user of a URL.
///
/// ```text
/// postgres://admin:x@db:5432/chipin  ->  postgres://orders_service:y@db:5432/chipin
/// ```
pub(crate) fn with_user(url: &str, user: &str, password: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, tail) = match rest.find(['/', '?']) {
        Some(end) => rest.split_at(end),
        None => (rest, ""),
    };
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{user}:{password}@{host}{tail}")
}

/// Removes the password of a URL, for display.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((user, host)) = rest.split_once('@') else {
        return url.to_owned();
    };
    let name = user.split(':').next().unwrap_or(user);
    format!("{scheme}://{name}:***@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_user_of_a_url_changes() {
        assert_eq!(
            with_user("postgres://a:b@db:5432/chipin?sslmode=require", "c", "d"),
            "postgres://c:d@db:5432/chipin?sslmode=require"
        );
        assert_eq!(with_user("postgres://db", "c", "d"), "postgres://c:d@db");
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("amqp://orders:secret@127.0.0.1:1/%2f"), "amqp://orders:***@127.0.0.1:1/%2f");
    }
}
