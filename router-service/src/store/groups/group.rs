//! The table `groups`.

use crate::domain::groups::group::Group;
use crate::store::number::number;
use contracts::ids::{ChequeHash, UserId};
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// A group in the list of a user.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The key of the invite link.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner_id: i64,
    /// How many are in it.
    pub members: i64,
    /// When it was created.
    pub created_at: OffsetDateTime,
    /// The bills that count in it.
    pub cheques: Vec<String>,
}

/// Stores a new group with its members.
///
/// # Errors
/// If a query fails.
pub async fn insert(connection: &mut PgConnection, group: &Group, now: OffsetDateTime) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into groups (key, name, owner_id, last_member, created_at) values ($1, $2, $3, $4, $5)",
        group.key.as_str(),
        group.name,
        group.owner_id.get(),
        number(group.last_member.0),
        now,
    )
    .execute(&mut *connection)
    .await
    .during(format_args!("insert group {} of user {}", group.key.shortened(), group.owner_id))?;
    for member in &group.members {
        super::members::save(connection, &group.key, member, now).await?;
    }
    Ok(())
}

/// Changes the name, and whether others can join. The group must be locked.
///
/// # Errors
/// If the query fails.
pub async fn update(
    connection: &mut PgConnection,
    key: &ChequeHash,
    name: &str,
    joining_open: bool,
) -> Result<(), StoreError> {
    sqlx::query!("update groups set name = $2, joining_open = $3 where key = $1", key.as_str(), name, joining_open)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("update group {}", key.shortened()))
}

/// The groups in which a user is, newest first, at most `limit`.
///
/// # Errors
/// If the query fails.
pub async fn of_user(pool: &PgPool, user_id: UserId, limit: i64) -> Result<Vec<Listed>, StoreError> {
    sqlx::query_as!(
        Listed,
        r#"select g.key, g.name, g.owner_id, g.created_at,
                  (select count(*) from group_members m where m.key = g.key and m.left_at is null) as "members!",
                  array(select c.hash from group_cheques c where c.key = g.key order by c.hash) as "cheques!"
           from group_members you join groups g on g.key = you.key
           where you.user_id = $1 and you.left_at is null
           order by g.created_at desc, g.key limit $2"#,
        user_id.get(),
        limit,
    )
    .fetch_all(pool)
    .await
    .during(format_args!("list the groups of user {user_id}"))
}
