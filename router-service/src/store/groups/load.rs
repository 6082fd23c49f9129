//! Reads a group as a whole.

use super::{cheques, expenses, settlements};
use crate::domain::groups::group::Group;
use crate::domain::groups::member::{Member, MemberId};
use contracts::ids::{ChequeHash, UserId};
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};

/// Reads a group.
///
/// # Errors
/// If a query fails.
pub async fn find(pool: &PgPool, key: &ChequeHash) -> Result<Option<Group>, StoreError> {
    let short = key.shortened();
    let mut tx = pool.begin().await.during(format_args!("begin to read group {short}"))?;
    // All tables from one snapshot.
    sqlx::query!("set transaction isolation level repeatable read, read only")
        .execute(&mut *tx)
        .await
        .during(format_args!("set the isolation of reading group {short}"))?;
    let loaded = load(&mut tx, key).await?;
    tx.commit().await.during(format_args!("end reading group {short}"))?;
    Ok(loaded)
}

/// Reads a group and locks it until the transaction ends.
///
/// # Errors
/// If a query fails.
pub async fn lock(connection: &mut PgConnection, key: &ChequeHash) -> Result<Option<Group>, StoreError> {
    // Locked first, and then read with further statements, which see what was committed before the lock was obtained.
    sqlx::query!("select key from groups where key = $1 for update", key.as_str())
        .fetch_optional(&mut *connection)
        .await
        .during(format_args!("lock group {}", key.shortened()))?;
    load(connection, key).await
}

async fn load(connection: &mut PgConnection, key: &ChequeHash) -> Result<Option<Group>, StoreError> {
    let short = key.shortened();
    let row = sqlx::query!(
        "select name, owner_id, joining_open, last_member, last_expense from groups where key = $1",
        key.as_str()
    );
    let row = row.fetch_optional(&mut *connection).await.during(format_args!("load group {short}"))?;
    let Some(row) = row else { return Ok(None) };
    let members = members(connection, key).await?;
    let owner_id = UserId::try_from(row.owner_id).map_err(|error| sqlx::Error::Decode(error.into()));
    let owner_id = owner_id.during(format_args!("load the owner of group {short}"))?;
    Ok(Some(Group {
        key: key.clone(),
        name: row.name,
        owner_id,
        joining_open: row.joining_open,
        members,
        last_member: MemberId(row.last_member.unsigned_abs()),
        expenses: expenses::current(connection, key).await?,
        last_expense: row.last_expense.unsigned_abs(),
        cheques: cheques::of_group(connection, key).await?,
        settlements: settlements::of_group(connection, key).await?,
    }))
}

async fn members(connection: &mut PgConnection, key: &ChequeHash) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, name, user_id, left_at is not null as "has_left!" from group_members where key = $1 order by id"#,
        key.as_str()
    );
    rows.fetch_all(connection)
        .await
        .and_then(|rows| {
            let member = |user_id: Option<i64>| {
                user_id.map(UserId::try_from).transpose().map_err(|error| sqlx::Error::Decode(error.into()))
            };
            let members = rows.into_iter().map(|row| {
                let id = MemberId(row.id.unsigned_abs());
                Ok(Member { id, name: row.name, user_id: member(row.user_id)?, has_left: row.has_left })
            });
            members.collect()
        })
        .during(format_args!("load the members of group {}", key.shortened()))
}
