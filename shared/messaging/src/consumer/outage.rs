//! Classifies a failure: an outage, a failure to retry, or a permanent one.

use super::limits::{Panicked, TimedOut};
use super::outcome::HandleError;
use super::sqlstate::{self, Meaning};
use crate::causes::find;
use crate::commit_error::CommitError;
use sqlx::PgPool;
use std::error::Error;
use std::time::Duration;

/// Maximum wait for an answer of the database; a pool without a free connection for so long counts as no answer.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// Something that handlers need is not available.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    /// The reason, in readable form.
    pub(crate) why: String,
    /// Whether it is the database.
    pub(crate) of_database: bool,
}

/// How to treat a failure that is not an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Treatment {
    /// Whether to retry immediately.
    pub(crate) at_once: bool,
    /// Whether to continue on the retry ladder.
    pub(crate) climbs: bool,
    /// Whether many different events that fail like this mean an outage. Failures caused by the contents of an event
    /// must not count: otherwise any peer that can publish ten bad events could stop the consumer.
    pub(crate) counts: bool,
}

impl Treatment {
    const DEPENDENCY: Self = Self { at_once: true, climbs: true, counts: true };
    const EVENT: Self = Self { at_once: true, climbs: true, counts: false };
    const BRIEF: Self = Self { at_once: true, climbs: false, counts: false };
    const NEVER: Self = Self { at_once: false, climbs: false, counts: false };
}

/// The treatment of a failure.
pub(crate) fn treatment(failure: &HandleError) -> Treatment {
    let HandleError::Retry(cause) = failure else { return Treatment::NEVER };
    let cause: &(dyn Error + 'static) = cause.as_ref();
    if find::<Panicked>(cause).is_some() {
        return Treatment::EVENT;
    }
    if find::<TimedOut>(cause).is_some() {
        return Treatment::DEPENDENCY;
    }
    // A handler that ignores a database error will do so again.
    if matches!(find::<CommitError>(cause), Some(CommitError::Aborted(_) | CommitError::Interrupted)) {
        return Treatment::BRIEF;
    }
    let Some(database) = failure.database() else { return Treatment::DEPENDENCY };
    match database {
        sqlx::Error::Database(error) => match error.code().as_deref() {
            Some("23505" | "23P01" | "25P02") => Treatment::BRIEF,
            code => match sqlstate::meaning(code.unwrap_or_default()) {
                Meaning::Outage | Meaning::SessionLost | Meaning::Program => Treatment::DEPENDENCY,
                Meaning::Conflict | Meaning::Reference => Treatment::EVENT,
                Meaning::Data => Treatment::NEVER,
            },
        },
        // The missing row may come with another event.
        sqlx::Error::RowNotFound => Treatment::EVENT,
        _ => Treatment::DEPENDENCY,
    }
}

/// The outage of the database that caused a failure, if there is one.
pub(crate) async fn behind(failure: &HandleError, pool: &PgPool) -> Option<Outage> {
    let HandleError::Retry(cause) = failure else { return None };
    let away = match failure.database() {
        Some(sqlx::Error::Database(error)) => match sqlstate::meaning(error.code().as_deref().unwrap_or_default()) {
            Meaning::Outage => true,
            Meaning::SessionLost => !database_answers(pool).await,
            Meaning::Conflict | Meaning::Data | Meaning::Reference | Meaning::Program => false,
        },
        Some(sqlx::Error::RowNotFound) => false,
        None if find::<Panicked>(cause.as_ref()).is_some() => false,
        // A handler that exceeded its time limit may have waited for the database.
        Some(_) | None => !database_answers(pool).await,
    };
    away.then(|| Outage { why: format!("the database is not available: {}", failure.why()), of_database: true })
}

/// Whether the database accepts writes.
pub(crate) async fn database_answers(pool: &PgPool) -> bool {
    let question = "select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'";
    let answer = tokio::time::timeout(SIGN_OF_LIFE, sqlx::query_scalar::<_, bool>(question).fetch_one(pool)).await;
    matches!(answer, Ok(Ok(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("store the parcel")]
    struct Wrapped(#[source] sqlx::Error);

    #[test]
    fn an_error_of_the_database_is_found_inside_those_of_a_service() {
        let failure = HandleError::retry(Wrapped(sqlx::Error::RowNotFound));
        assert_eq!(treatment(&failure), Treatment::EVENT);
        assert_eq!(treatment(&HandleError::retry(Wrapped(sqlx::Error::PoolTimedOut))), Treatment::DEPENDENCY);
    }

    #[test]
    fn only_what_may_be_away_counts() {
        assert!(treatment(&HandleError::retry("the price list is not available")).counts);
        assert!(!treatment(&HandleError::retry(Panicked("boom".into()))).counts);
        assert_eq!(treatment(&HandleError::reject("never")), Treatment::NEVER);
        assert_eq!(treatment(&HandleError::retry(CommitError::Interrupted)), Treatment::BRIEF);
    }
}
