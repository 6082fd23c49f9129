//! The table `cheques`.

use crate::domain::stored_cheque::StoredCheque;
use contracts::cheque::Cheque;
use contracts::ids::{ChequeHash, UserId};
use postgres::{During, StoreError};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// Largest number of rows per batch of the janitor.
const BATCH: i64 = 100;

/// A row whose values are not validated yet.
struct Row {
    hash: String,
    owner_id: i64,
    cheque: Option<Json<Cheque>>,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
}

impl TryFrom<Row> for StoredCheque {
    type Error = sqlx::Error;

    /// The table's constraints make this succeed. A row that violates them is a decoding error, not a panic.
    fn try_from(row: Row) -> Result<Self, Self::Error> {
        Ok(Self {
            hash: ChequeHash::try_from(row.hash).map_err(|error| sqlx::Error::Decode(error.into()))?,
            owner_id: UserId::try_from(row.owner_id).map_err(|error| sqlx::Error::Decode(error.into()))?,
            cheque: row.cheque.map(|Json(cheque)| cheque),
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// A photo to delete.
#[derive(Debug)]
pub struct PhotoToDelete {
    /// The cheque it belongs to.
    pub hash: ChequeHash,
    /// Its key in the photo store.
    pub photo_key: String,
}

/// Inserts a new cheque with the key of its photo, if it has one.
///
/// # Errors
/// If the query fails.
pub async fn insert(
    connection: &mut PgConnection,
    stored: &StoredCheque,
    photo_key: Option<&str>,
    photo_bytes: i64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into cheques (hash, owner_id, cheque, photo_key, photo_bytes, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint cheques_pkey do nothing",
        stored.hash.as_str(),
        stored.owner_id.get(),
        stored.cheque.as_ref().map(Json) as Option<Json<&Cheque>>,
        photo_key,
        photo_bytes,
        stored.created_at,
        stored.expires_at,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert cheque {} of user {}", stored.hash.shortened(), stored.owner_id))
}

/// A cheque, for any caller.
///
/// # Errors
/// If the query fails.
pub async fn find(pool: &PgPool, hash: &ChequeHash) -> Result<Option<StoredCheque>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select hash, owner_id, cheque as "cheque: Json<Cheque>", created_at, expires_at
           from cheques where hash = $1"#,
        hash.as_str(),
    )
    .fetch_optional(pool)
    .await
    .and_then(|row| row.map(StoredCheque::try_from).transpose())
    .during(format_args!("find cheque {}", hash.shortened()))
}

/// Whether there was ever a cheque with this key: also one that has expired or was deleted.
///
/// # Errors
/// If the query fails.
pub async fn exists(connection: &mut PgConnection, hash: &ChequeHash) -> Result<bool, StoreError> {
    sqlx::query_scalar!(r#"select exists (select from cheques where hash = $1) as "exists!""#, hash.as_str(),)
        .fetch_one(connection)
        .await
        .during(format_args!("look for cheque {}", hash.shortened()))
}

/// Reads a cheque and locks it until the transaction ends. Call it before handling an event about the cheque.
///
/// # Errors
/// If the query fails.
pub async fn lock(connection: &mut PgConnection, hash: &ChequeHash) -> Result<Option<StoredCheque>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"select hash, owner_id, cheque as "cheque: Json<Cheque>", created_at, expires_at
           from cheques where hash = $1 for update"#,
        hash.as_str(),
    )
    .fetch_optional(connection)
    .await
    .and_then(|row| row.map(StoredCheque::try_from).transpose())
    .during(format_args!("lock cheque {}", hash.shortened()))
}

/// Deletes the content of a cheque, so that the janitor deletes its photo. Returns `false` if it was deleted before or
/// does not exist.
///
/// # Errors
/// If the query fails.
pub async fn clear_content(
    connection: &mut PgConnection,
    hash: &ChequeHash,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    sqlx::query!(
        "update cheques set cheque = null, deleted_at = $2 where hash = $1 and deleted_at is null",
        hash.as_str(),
        now,
    )
    .execute(connection)
    .await
    .map(|done| done.rows_affected() > 0)
    .during(format_args!("delete the content of cheque {}", hash.shortened()))
}

/// Deletes the content of a batch of cheques that have expired at `now`; returns their number.
///
/// # Errors
/// If the query fails.
pub async fn clear_expired(pool: &PgPool, now: OffsetDateTime) -> Result<u64, StoreError> {
    // `skip locked`: concurrent replicas take different rows instead of waiting for each other.
    sqlx::query!(
        "update cheques set cheque = null, deleted_at = $1 where hash in ( \
             select hash from cheques where deleted_at is null and expires_at <= $1 \
             order by expires_at limit $2 for update skip locked)",
        now,
        BATCH,
    )
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
    .during("delete the content of expired cheques")
}

/// A batch of photos that still exist although their cheques' content was deleted.
///
/// # Errors
/// If the query fails.
pub async fn photos_to_delete(pool: &PgPool, except: &[String]) -> Result<Vec<PhotoToDelete>, StoreError> {
    let rows = sqlx::query!(
        r#"select hash as "hash!", photo_key as "photo_key!" from (
               select hash, photo_key, deleted_at from cheques where deleted_at is not null and photo_key is not null
               union all
               select hash, pages.photo_key, deleted_at from pages join cheques using (hash)
               where deleted_at is not null
           ) as left_behind
           where photo_key <> all ($2)
           order by deleted_at limit $1"#,
        BATCH,
        except,
    )
    .fetch_all(pool)
    .await;
    rows.and_then(|rows| {
        let photos = rows.into_iter().map(|row| {
            let hash = ChequeHash::try_from(row.hash).map_err(|error| sqlx::Error::Decode(error.into()))?;
            Ok(PhotoToDelete { hash, photo_key: row.photo_key })
        });
        photos.collect()
    })
    .during("list photos to delete")
}

/// Records that a photo of a deleted cheque was deleted.
///
/// # Errors
/// If the query fails.
pub async fn clear_photo_key(pool: &PgPool, photo: &PhotoToDelete) -> Result<(), StoreError> {
    sqlx::query!(
        "with page as (delete from pages where hash = $1 and photo_key = $2) \
         update cheques set photo_key = null where hash = $1 and photo_key = $2 and deleted_at is not null",
        photo.hash.as_str(),
        photo.photo_key,
    )
    .execute(pool)
    .await
    .map(drop)
    .during(format_args!("record that a photo of cheque {} is deleted", photo.hash.shortened()))
}

/// The keys among `photo_keys` that do not belong to a cheque.
///
/// # Errors
/// If the query fails.
pub async fn unknown_photos(pool: &PgPool, photo_keys: &[String]) -> Result<Vec<String>, StoreError> {
    // A photo's key is derived from its cheque's key, so the row is found by the primary key.
    sqlx::query_scalar!(
        r#"select photo_key as "photo_key!" from unnest($1::text[]) as stored (photo_key)
           where not exists (
               select from cheques
               where cheques.hash = split_part(split_part(stored.photo_key, '/', 2), '.', 1)
                 and cheques.photo_key = stored.photo_key)
             and not exists (select from pages where pages.photo_key = stored.photo_key)"#,
        photo_keys,
    )
    .fetch_all(pool)
    .await
    .during(format_args!("look for the cheques of {} photos", photo_keys.len()))
}
