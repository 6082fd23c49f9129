//! The table `picture_quotas`.

use contracts::ids::UserId;
use postgres::{During, StoreError};
use sqlx::PgPool;
use time::Date;

/// What a user may have read in a day.
#[derive(Clone, Copy, Debug)]
pub struct DailyQuota {
    /// Pictures.
    pub pictures: i64,
    /// Bytes of pictures.
    pub bytes: i64,
}

/// Counts a picture of `bytes`, in a statement of its own: what follows takes long. False if the quota is used up.
///
/// # Errors
/// If the statement fails.
pub async fn take(
    database: &PgPool,
    user_id: UserId,
    day: Date,
    bytes: i64,
    quota: DailyQuota,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        "insert into picture_quotas as today (user_id, day, pictures, bytes) \
         select $1::bigint, $2::date, 1, $3::bigint where 1 <= $4::bigint and $3 <= $5::bigint \
         on conflict on constraint picture_quotas_pkey do update \
         set pictures = today.pictures + 1, bytes = today.bytes + excluded.bytes \
         where today.pictures < $4 and today.bytes + excluded.bytes <= $5 \
         returning true",
        user_id.get(),
        day,
        bytes,
        quota.pictures,
        quota.bytes,
    )
    .fetch_optional(database)
    .await
    .map(|taken| taken.is_some())
    .during(format_args!("count a picture of user {user_id}"))
}

/// Gives back a picture that was not read for lack of a place.
///
/// # Errors
/// If the statement fails.
pub async fn give_back(database: &PgPool, user_id: UserId, day: Date, bytes: i64) -> Result<(), StoreError> {
    sqlx::query!(
        "update picture_quotas set pictures = greatest(pictures - 1, 0), bytes = greatest(bytes - $3, 0) \
         where user_id = $1 and day = $2",
        user_id.get(),
        day,
        bytes,
    )
    .execute(database)
    .await
    .map(drop)
    .during(format_args!("give back a picture of user {user_id}"))
}

/// Deletes the counts of days before `day`.
///
/// # Errors
/// If the statement fails.
pub async fn delete_before(database: &PgPool, day: Date) -> Result<(), StoreError> {
    sqlx::query!("delete from picture_quotas where day < $1", day)
        .execute(database)
        .await
        .map(drop)
        .during(format_args!("delete the counts of pictures before {day}"))
}
