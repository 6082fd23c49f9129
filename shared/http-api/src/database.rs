//! Database errors as problems.

use crate::problem::Problem;

/// Whether the database is unavailable, rather than rejecting the statement: the same statement may succeed later.
pub fn is_outage(failure: &sqlx::Error) -> bool {
    match failure {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // 08 connection, 53 resources, 57P shutdown, 57014 timeout, 40 serialization and deadlock.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "53", "57P", "57014", "40"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

impl From<sqlx::Error> for Problem {
    /// 503 if the database is unavailable, otherwise 500.
    fn from(failure: sqlx::Error) -> Self {
        if is_outage(&failure) { Self::unavailable(&failure) } else { Self::internal(&failure) }
    }
}
