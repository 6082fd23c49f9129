//! A failure of the database, with what was being done.

use http_api::problem::Problem;
use rabbit_outbox::HandleError;
use rabbit_outbox::transaction::CommitError;
use sqlx::error::DatabaseError;
use std::error::Error;
use std::fmt::Display;

/// What was being done when the database failed: `find order 0193.. of user 7`. The cause is its source.
///
/// [`During`] makes it from an error of the database. `?` turns it into a problem, which logs it, or in a handler of
/// events into a retry.
#[derive(Debug, thiserror::Error)]
#[error("{operation}")]
pub struct StoreError {
    operation: String,
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    fn new(operation: impl Display, source: impl Error + Send + Sync + 'static) -> Self {
        Self { operation: operation.to_string(), source: Box::new(source) }
    }

    /// Whether the database is unavailable, rather than rejecting the statement: the same statement may succeed later.
    pub fn is_outage(&self) -> bool {
        self.database().is_some_and(is_outage)
    }

    /// The name of the constraint that the statement violated.
    pub fn constraint(&self) -> Option<&str> {
        self.database()?.as_database_error()?.constraint()
    }

    fn database(&self) -> Option<&sqlx::Error> {
        let source: &(dyn Error + 'static) = self.source.as_ref();
        source.downcast_ref().or_else(|| source.source()?.downcast_ref())
    }
}

fn is_outage(failure: &sqlx::Error) -> bool {
    match failure {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
        // 08 connection, 53 resources, 57P shutdown, 57014 timeout, 40 serialization and deadlock.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| ["08", "53", "57P", "57014", "40"].iter().any(|class| code.starts_with(class))),
        _ => false,
    }
}

/// Whether a text can't be stored. Every field is checked before, so this is a safety net: the mistake is the client's.
///
/// Source: PostgreSQL, appendix A: `character_not_in_repertoire`, `untranslatable_character`.
fn is_unstorable_text(failure: &sqlx::Error) -> bool {
    let code = failure.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| ["22021", "22P05"].contains(&&*code))
}

/// Says what was being done when the database failed.
///
/// ```
/// use postgres::{During, StoreError};
///
/// async fn amount(pool: &sqlx::PgPool, order: i64) -> Result<Option<i64>, StoreError> {
///     sqlx::query_scalar("select amount from orders where id = $1")
///         .bind(order)
///         .fetch_optional(pool)
///         .await
///         .during(format_args!("find order {order}"))
/// }
/// ```
pub trait During<T> {
    /// `operation` is in lower case and has the ids that help to find the rows: of users, orders, transfers; a number
    /// for a batch. It is logged, so it contains no names, amounts, tokens or contents.
    ///
    /// # Errors
    /// [`StoreError`] if the database failed. `operation` is formatted only then.
    fn during(self, operation: impl Display) -> Result<T, StoreError>;
}

impl<T> During<T> for Result<T, sqlx::Error> {
    fn during(self, operation: impl Display) -> Result<T, StoreError> {
        self.map_err(|failure| StoreError::new(operation, failure))
    }
}

impl<T> During<T> for Result<T, CommitError> {
    fn during(self, operation: impl Display) -> Result<T, StoreError> {
        self.map_err(|failure| match failure {
            // The operation says already that this is a commit.
            CommitError::Commit(source) => StoreError::new(operation, source),
            other => StoreError::new(operation, other),
        })
    }
}

impl From<StoreError> for Problem {
    /// 503 if the database is unavailable, 422 if it can't store a character of the request, otherwise 500.
    fn from(failure: StoreError) -> Self {
        if failure.is_outage() {
            Self::unavailable(&failure)
        } else if failure.database().is_some_and(is_unstorable_text) {
            Self::invalid_parameter("the request", "contains a character that can't be stored, such as U+0000")
        } else {
            Self::internal(&failure)
        }
    }
}

impl From<StoreError> for HandleError {
    /// A retry: the kind of the database's error decides how often.
    fn from(failure: StoreError) -> Self {
        Self::retry(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use telemetry::chain;

    fn failed(source: sqlx::Error) -> StoreError {
        Err::<(), _>(source).during(format_args!("find order {}", 1)).unwrap_err()
    }

    #[test]
    fn a_failure_says_what_was_being_done_and_then_why() {
        let text = chain(&failed(sqlx::Error::PoolClosed));
        assert_eq!(text, "find order 1: attempted to acquire a connection on a closed pool");
    }

    #[test]
    fn an_unavailable_database_is_503_and_every_other_failure_is_500() {
        assert_eq!(Problem::from(failed(sqlx::Error::PoolTimedOut)).status(), 503);
        assert_eq!(Problem::from(failed(sqlx::Error::RowNotFound)).status(), 500);
    }

    /// An error of the database with this code.
    #[derive(Debug)]
    struct Refused(&'static str);

    impl std::fmt::Display for Refused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Refused {}

    impl DatabaseError for Refused {
        fn message(&self) -> &str {
            self.0
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    #[test]
    fn text_that_the_database_can_not_store_is_a_mistake_of_the_client() {
        let of = |code| Problem::from(failed(sqlx::Error::Database(Box::new(Refused(code)))));
        for code in ["22021", "22P05"] {
            let problem = of(code);
            assert_eq!((problem.status().as_u16(), problem.code()), (422, "invalid_request"), "{code}");
        }
        assert_eq!(of("23505").status(), 500);
    }

    #[test]
    fn a_failed_commit_keeps_the_kind_of_its_cause() {
        let commit = |failure: CommitError| Err::<(), _>(failure).during("commit order 1").unwrap_err();
        let away = commit(CommitError::Commit(sqlx::Error::PoolClosed));
        assert_eq!(chain(&away), "commit order 1: attempted to acquire a connection on a closed pool");
        assert!(away.is_outage());
        let insert = commit(CommitError::Insert(sqlx::Error::PoolClosed));
        assert!(chain(&insert).starts_with("commit order 1: insert events into the outbox: "), "{}", chain(&insert));
        assert!(insert.is_outage());
        assert!(!commit(CommitError::Interrupted).is_outage());
    }

    #[test]
    fn an_event_is_retried_and_the_database_error_is_found_in_its_causes() {
        let HandleError::Retry(cause) = HandleError::from(failed(sqlx::Error::RowNotFound)) else {
            panic!("it is retried")
        };
        assert!(cause.source().is_some_and(|cause| cause.downcast_ref::<sqlx::Error>().is_some()));
    }
}
