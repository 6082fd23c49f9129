//! The record of what operators did with dead letters. A row commits with its action; the service can only add rows.

use super::letter::word;
use super::operator::Operator;
use super::{DeadLetters, Direction};
use sqlx::{PgConnection, PgPool, Row};
use time::OffsetDateTime;
use tracing::info;
use uuid::Uuid;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ActionKind {
    /// Published again.
    Replayed,
    /// Published with other contents.
    Replaced,
    /// Marked as needing no replay.
    Discarded,
    /// Deleted, with its contents.
    Deleted,
}

/// A recorded action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Action {
    /// The position in the record.
    pub id: i64,
    /// When its transaction began.
    pub at: OffsetDateTime,
    /// `replayed`, `replaced`, `discarded` or `deleted`.
    pub kind: String,
    /// Of the dead letter.
    pub direction: Direction,
    /// Of the dead letter.
    pub event_id: Uuid,
    /// Of the dead letter.
    pub event_type: String,
    /// Who did it.
    pub operator: Operator,
}

/// Which actions to list; `None` does not restrict them.
#[derive(Clone, Debug, Default)]
pub struct ActionFilter {
    /// By this operator.
    pub operator: Option<String>,
    /// Of this kind: `replayed`.
    pub kind: Option<String>,
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
}

impl ActionKind {
    /// As stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Replayed => "replayed",
            Self::Replaced => "replaced",
            Self::Discarded => "discarded",
            Self::Deleted => "deleted",
        }
    }
}

impl DeadLetters {
    /// Records what is done from now on as done by `operator`.
    #[must_use]
    pub fn with_operator(mut self, operator: Operator) -> Self {
        self.operator = operator.storable();
        self
    }

    /// At most `limit` recorded actions with ids below `before`, newest first.
    ///
    /// # Errors
    /// Database errors.
    pub async fn actions(
        &self,
        filter: &ActionFilter,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<Action>, sqlx::Error> {
        sqlx::query(
            "select id, at, action, direction, event_id, event_type, operator, address, request_id \
             from dead_letter_actions where id < $1 and ($2::text is null or operator = $2) \
             and ($3::text is null or action = $3) and ($4::timestamptz is null or at >= $4) \
             and ($5::timestamptz is null or at < $5) order by id desc limit $6",
        )
        .bind(before.unwrap_or(i64::MAX))
        .bind(&filter.operator)
        .bind(&filter.kind)
        .bind(filter.since)
        .bind(filter.until)
        .bind(i64::from(limit))
        .try_map(|row| {
            let (name, address) = (row.try_get("operator")?, row.try_get("address")?);
            Ok(Action {
                id: row.try_get("id")?,
                at: row.try_get("at")?,
                kind: row.try_get("action")?,
                direction: word(&row, "direction")?,
                event_id: row.try_get("event_id")?,
                event_type: row.try_get("event_type")?,
                operator: Operator { name, address, request_id: row.try_get("request_id")? },
            })
        })
        .fetch_all(&self.pool)
        .await
    }

    /// Records an action on letters that exist, in its transaction.
    pub(super) async fn record(
        &self,
        tx: &mut PgConnection,
        kind: ActionKind,
        directions: &[&'static str],
        event_ids: &[Uuid],
    ) -> Result<(), sqlx::Error> {
        let Operator { name, address, request_id } = &self.operator;
        sqlx::query(
            "insert into dead_letter_actions (action, direction, event_id, event_type, operator, address, request_id) \
             select $1, l.direction, l.event_id, l.event_type, $4, $5, $6 from dead_letters l \
             join unnest($2::text[], $3::uuid[]) as k (direction, event_id) using (direction, event_id)",
        )
        .bind(kind.word())
        .bind(directions)
        .bind(event_ids)
        .bind(name)
        .bind(address)
        .bind(request_id)
        .execute(tx)
        .await
        .map(drop)
    }

    /// Writes an action to the log, after its commit.
    pub(super) fn log(&self, kind: ActionKind, event_ids: &[Uuid]) {
        let Operator { name, address, request_id } = &self.operator;
        let (action, count, service) = (kind.word(), event_ids.len(), &self.origin.service);
        let event = event_ids.first().filter(|_| count == 1).map(tracing::field::display);
        info!(
            target: "audit",
            service = %service,
            action,
            count,
            event.id = event,
            operator = name.as_deref(),
            client.address = address.as_deref(),
            request_id = request_id.as_deref(),
            "audit: {count} dead letters {action}"
        );
    }
}

/// Deletes recorded actions that are older than so many days, but never those of the last 30 days.
pub(crate) async fn delete_old(pool: &PgPool, days: i32) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select dead_letter_actions_delete_old($1)").bind(days).fetch_one(pool).await
}
