//! Telling an outage from an event that will never be taken.

use super::outcome::HandleError;
use sqlx::PgPool;
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

/// The outage of the database behind a failure, if there is one.
pub(crate) async fn behind(failure: &HandleError, pool: &PgPool) -> Option<Outage> {
    if !matches!(failure, HandleError::Retry(_)) {
        return None;
    }
    let suspicion = failure.database().map_or(Suspicion::Unclear, suspicion);
    let away = match suspicion {
        Suspicion::None => false,
        Suspicion::Certain => true,
        Suspicion::Unclear => !database_answers(pool).await,
    };
    away.then(|| Outage { why: format!("the database is away: {}", failure.why()), of_database: true })
}

/// Whether the database answers the simplest question.
pub(crate) async fn database_answers(pool: &PgPool) -> bool {
    let answer = tokio::time::timeout(SIGN_OF_LIFE, sqlx::query("select 1").execute(pool)).await;
    matches!(answer, Ok(Ok(_)))
}

/// How much an error points at an outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Suspicion {
    /// The database answered; it only did not like the statement.
    None,
    /// One session ended, or there was no answer: ask again.
    Unclear,
    /// It says so itself.
    Certain,
}

/// Source: PostgreSQL documentation, appendix A, classes 08, 53 and 57.
fn suspicion(failure: &sqlx::Error) -> Suspicion {
    let Some(error) = failure.as_database_error() else { return Suspicion::Unclear };
    match error.code().as_deref() {
        // Out of disk, memory or connections: a statement as small as `select 1` may pass all the same.
        Some(code) if code.starts_with("53") => Suspicion::Certain,
        Some(code) if code.starts_with("08") || code.starts_with("57P") => Suspicion::Unclear,
        _ => Suspicion::None,
    }
}
