//! What a failure says: that something is away, that the event may be tried again, or that it never will work.

use super::limits::{Panicked, TimedOut};
use super::outcome::HandleError;
use super::sqlstate::{self, Meaning};
use crate::transaction::CommitError;
use sqlx::PgPool;
use std::error::Error;
use std::time::Duration;

/// Longest wait for a sign of life of the database; a pool that has no connection for so long counts as none.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);

/// Something that handlers need is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outage {
    /// For people.
    pub(crate) why: String,
    /// Whether it is the database.
    pub(crate) of_database: bool,
}

/// How a failure is treated that is no outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Treatment {
    /// It is tried again at once.
    pub(crate) at_once: bool,
    /// Then it waits its way up the ladder.
    pub(crate) climbs: bool,
    /// Many different events that fail like this mean that something is away. What an event says must not count: else
    /// whoever can publish ten bad events stops everybody.
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
    // A handler that ignores an error of the database will do so again.
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
        // What is looked for may come with another event.
        sqlx::Error::RowNotFound => Treatment::EVENT,
        _ => Treatment::DEPENDENCY,
    }
}

/// The outage of the database behind a failure, if there is one.
pub(crate) async fn behind(failure: &HandleError, pool: &PgPool) -> Option<Outage> {
    let HandleError::Retry(cause) = failure else { return None };
    let away = match failure.database() {
        Some(sqlx::Error::Database(error)) => match sqlstate::meaning(error.code().as_deref().unwrap_or_default()) {
            Meaning::Outage => true,
            Meaning::SessionLost => !database_answers(pool).await,
            Meaning::Conflict | Meaning::Data | Meaning::Reference | Meaning::Program => false,
        },
        Some(sqlx::Error::RowNotFound) => false,
        Some(_) => !database_answers(pool).await,
        None if find::<Panicked>(cause.as_ref()).is_some() => false,
        // It may have waited for the database all the time.
        None => !database_answers(pool).await,
    };
    away.then(|| Outage { why: format!("the database is away: {}", failure.why()), of_database: true })
}

/// Whether the database can be written to.
pub(crate) async fn database_answers(pool: &PgPool) -> bool {
    let question = "select not pg_is_in_recovery() and current_setting('transaction_read_only') = 'off'";
    let answer = tokio::time::timeout(SIGN_OF_LIFE, sqlx::query_scalar::<_, bool>(question).fetch_one(pool)).await;
    matches!(answer, Ok(Ok(true)))
}

/// An error of this type among an error and its causes.
pub(super) fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
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
        assert!(treatment(&HandleError::retry("the price list is away")).counts);
        assert!(!treatment(&HandleError::retry(Panicked("boom".into()))).counts);
        assert_eq!(treatment(&HandleError::reject("never")), Treatment::NEVER);
        assert_eq!(treatment(&HandleError::retry(CommitError::Interrupted)), Treatment::BRIEF);
    }
}
