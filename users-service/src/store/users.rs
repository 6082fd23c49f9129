//! The table `users`.

use crate::domain::login::Login;
use crate::user::User;
use contracts::ids::UserId;
use identity::Role;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// A row without the password hash.
struct Row {
    id: i64,
    login: String,
    role: String,
    is_blocked: bool,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for User {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let role = Role::parse(&row.role).ok_or_else(|| sqlx::Error::Decode("unknown role".into()))?;
        let id = UserId::try_from(row.id).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Self { id, login: row.login, role, is_blocked: row.is_blocked, created_at: row.created_at })
    }
}

/// Inserts a user; `None` if the login is taken.
///
/// # Errors
/// Database errors.
pub async fn insert(
    connection: &mut PgConnection,
    login: &Login,
    password_hash: &str,
    role: Role,
) -> Result<Option<User>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"insert into users (login, password_hash, role) values ($1, $2, $3) on conflict (login) do nothing
           returning id, login, role, blocked_at is not null as "is_blocked!", created_at"#,
        login.as_str(),
        password_hash,
        role.as_str(),
    )
    .fetch_optional(connection)
    .await
    .and_then(|row| row.map(User::try_from).transpose())
    .during("insert a user")
}

/// A user with their password hash.
pub struct WithPassword {
    /// The user.
    pub user: User,
    /// In the PHC string format.
    pub password_hash: String,
}

/// The user with this login.
///
/// # Errors
/// Database errors.
pub async fn by_login(connection: &mut PgConnection, login: &str) -> Result<Option<WithPassword>, StoreError> {
    let row = sqlx::query!(
        r#"select id, login, role, blocked_at is not null as "is_blocked!", created_at, password_hash
           from users where login = $1"#,
        login,
    )
    .fetch_optional(connection)
    .await;
    row.and_then(|row| {
        let with_password = row.map(|row| {
            let (id, created_at, is_blocked) = (row.id, row.created_at, row.is_blocked);
            let user = Row { id, login: row.login, role: row.role, is_blocked, created_at }.try_into()?;
            Ok(WithPassword { user, password_hash: row.password_hash })
        });
        with_password.transpose()
    })
    .during("find a user by login")
}

/// The user with this id, locked until the transaction ends.
///
/// # Errors
/// Database errors.
pub async fn lock(connection: &mut PgConnection, id: i64) -> Result<Option<WithPassword>, StoreError> {
    let login = sqlx::query_scalar!("select login from users where id = $1 for update", id)
        .fetch_optional(&mut *connection)
        .await
        .during(format_args!("lock user {id}"))?;
    match login {
        Some(login) => by_login(connection, &login).await,
        None => Ok(None),
    }
}

/// Locks two users until the transaction ends, in the order of their ids, so that two transactions never wait for each
/// other.
///
/// # Errors
/// Database errors.
pub async fn lock_both(connection: &mut PgConnection, one: i64, other: i64) -> Result<(), StoreError> {
    sqlx::query_scalar!("select id from users where id = any($1) order by id for update", &[one, other][..])
        .fetch_all(connection)
        .await
        .map(drop)
        .during(format_args!("lock users {one} and {other}"))
}

/// The user with this id.
///
/// # Errors
/// Database errors.
pub async fn find(pool: &PgPool, id: i64) -> Result<Option<User>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select id, login, role, blocked_at is not null as "is_blocked!", created_at from users where id = $1"#,
        id,
    )
    .fetch_optional(pool)
    .await
    .and_then(|row| row.map(User::try_from).transpose())
    .during(format_args!("find user {id}"))
}

/// At most `limit` users with ids after `after`, in the order of ids.
///
/// # Errors
/// Database errors.
pub async fn list(pool: &PgPool, after: i64, limit: i64) -> Result<Vec<User>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select id, login, role, blocked_at is not null as "is_blocked!", created_at
           from users where id > $1 order by id limit $2"#,
        after,
        limit,
    )
    .fetch_all(pool)
    .await
    .and_then(|rows| rows.into_iter().map(User::try_from).collect())
    .during(format_args!("list users after {after}"))
}

/// Replaces the password hash.
///
/// # Errors
/// Database errors.
pub async fn set_password(connection: &mut PgConnection, id: UserId, hash: &str) -> Result<(), StoreError> {
    sqlx::query!("update users set password_hash = $2 where id = $1", id.get(), hash)
        .execute(connection)
        .await
        .map(drop)
        .during(format_args!("set the password of user {id}"))
}

/// Blocks or unblocks a user; `None` if there is no such user.
///
/// # Errors
/// Database errors.
pub async fn set_blocked(connection: &mut PgConnection, id: i64, is_blocked: bool) -> Result<Option<User>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"update users set blocked_at = case when $2 then coalesce(blocked_at, now()) end where id = $1
           returning id, login, role, blocked_at is not null as "is_blocked!", created_at"#,
        id,
        is_blocked,
    )
    .fetch_optional(connection)
    .await
    .and_then(|row| row.map(User::try_from).transpose())
    .during(format_args!("{} user {id}", if is_blocked { "block" } else { "unblock" }))
}

/// Sets the role of a user who exists.
///
/// # Errors
/// Database errors.
pub async fn set_role(connection: &mut PgConnection, id: UserId, role: Role) -> Result<User, StoreError> {
    sqlx::query_as!(
        Row,
        r#"update users set role = $2 where id = $1
           returning id, login, role, blocked_at is not null as "is_blocked!", created_at"#,
        id.get(),
        role.as_str(),
    )
    .fetch_one(connection)
    .await
    .and_then(User::try_from)
    .during(format_args!("set the role of user {id}"))
}
