//! The table `audit_events`: rows are added and read, and never changed.

use crate::audit::{AuditEvent, Recorded};
use crate::domain::login::Login;
use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// Adds an event. If it has no subject, that is the user with this login, if there is one.
///
/// # Errors
/// Database errors.
pub async fn insert(
    connection: &mut PgConnection,
    event: &AuditEvent,
    login: Option<&Login>,
) -> Result<Recorded, StoreError> {
    let subject = sqlx::query_scalar!(
        "insert into audit_events (kind, outcome, count, actor_id, subject_id, address, request_id, detail) \
         values ($1, $2, $3, $4, coalesce($5, (select id from users where login = $6)), $7, $8, $9) \
         returning subject_id",
        event.kind.as_str(),
        event.outcome.as_str(),
        event.count,
        event.actor.map(UserId::get),
        event.subject.map(UserId::get),
        login.map(Login::as_str),
        event.address,
        event.request_id,
        event.detail,
    )
    .fetch_one(connection)
    .await
    .during(format_args!("record {} in the audit trail", event.kind.as_str()))?;
    Ok(Recorded { event: event.clone(), subject })
}

/// A row, with the logins of its users.
pub struct Row {
    /// Its id.
    pub id: i64,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: String,
    /// How it ended.
    pub outcome: String,
    /// How often.
    pub count: i64,
    /// Who did it.
    pub actor_id: Option<i64>,
    /// Their login.
    pub actor_login: Option<String>,
    /// Whom it is about.
    pub subject_id: Option<i64>,
    /// Their login.
    pub subject_login: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// By which request.
    pub request_id: Option<String>,
    /// More about it.
    pub detail: Option<String>,
}

/// Which rows to list; `None` does not restrict them.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Who did it, or whom it is about.
    pub user: Option<i64>,
    /// What.
    pub kind: Option<&'static str>,
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
}

/// At most `limit` rows with ids below `before`, newest first.
///
/// # Errors
/// Database errors.
pub async fn list(pool: &PgPool, filter: &Filter, before: i64, limit: i64) -> Result<Vec<Row>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select e.id, e.at, e.kind, e.outcome, e.count, e.actor_id, a.login as "actor_login?", e.subject_id,
                  s.login as "subject_login?", e.address, e.request_id, e.detail
           from audit_events e left join users a on a.id = e.actor_id left join users s on s.id = e.subject_id
           where e.id < $1
             and ($2::bigint is null or e.actor_id = $2 or e.subject_id = $2)
             and ($3::text is null or e.kind = $3)
             and ($4::timestamptz is null or e.at >= $4)
             and ($5::timestamptz is null or e.at < $5)
           order by e.id desc limit $6"#,
        before,
        filter.user,
        filter.kind,
        filter.since,
        filter.until,
        limit,
    )
    .fetch_all(pool)
    .await
    .during("list the audit trail")
}

/// Deletes some of the rows that are older than so many days; returns how many. Never those of the last 30 days.
///
/// # Errors
/// Database errors.
pub async fn delete_old(pool: &PgPool, days: i32) -> Result<i64, StoreError> {
    sqlx::query_scalar!(r#"select audit_events_delete_old($1) as "deleted!""#, days)
        .fetch_one(pool)
        .await
        .during("delete old rows of the audit trail")
}
