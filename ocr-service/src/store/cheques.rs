//! The table `cheques`.

use crate::domain::stored_cheque::StoredCheque;
use contracts::cheque::Cheque;
use contracts::ids::{ChequeHash, UserId};
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
            hash: well_formed(row.hash)?,
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

/// Inserts a new cheque with the key of its photo.
///
/// # Errors
/// If the query fails.
pub async fn insert(
    connection: &mut PgConnection,
    stored: &StoredCheque,
    photo_key: &str,
    photo_bytes: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into cheques (hash, owner_id, cheque, photo_key, photo_bytes, created_at, expires_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
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
}

/// A cheque, for any caller.
///
/// # Errors
/// If the query fails.
pub async fn find(pool: &PgPool, hash: &ChequeHash) -> Result<Option<StoredCheque>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select hash, owner_id, cheque as "cheque: Json<Cheque>", created_at, expires_at
           from cheques where hash = $1"#,
        hash.as_str(),
    )
    .fetch_optional(pool)
    .await?
    .map(StoredCheque::try_from)
    .transpose()
}

/// Reads a cheque and locks it until the transaction ends. Call it before handling an event about the cheque.
///
/// # Errors
/// If the query fails.
pub async fn lock(connection: &mut PgConnection, hash: &ChequeHash) -> Result<Option<StoredCheque>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"select hash, owner_id, cheque as "cheque: Json<Cheque>", created_at, expires_at
           from cheques where hash = $1 for update"#,
        hash.as_str(),
    )
    .fetch_optional(connection)
    .await?
    .map(StoredCheque::try_from)
    .transpose()
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
) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "update cheques set cheque = null, deleted_at = $2 where hash = $1 and deleted_at is null",
        hash.as_str(),
        now,
    )
    .execute(connection)
    .await
    .map(|done| done.rows_affected() > 0)
}

/// Deletes the content of a batch of cheques that have expired at `now`; returns their number.
///
/// # Errors
/// If the query fails.
pub async fn clear_expired(pool: &PgPool, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
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
}

/// A batch of photos that still exist although their cheques' content was deleted.
///
/// # Errors
/// If the query fails.
pub async fn photos_to_delete(pool: &PgPool, except: &[String]) -> Result<Vec<PhotoToDelete>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select hash, photo_key as "photo_key!" from cheques
           where deleted_at is not null and photo_key is not null and photo_key <> all ($2)
           order by deleted_at limit $1"#,
        BATCH,
        except,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(|row| Ok(PhotoToDelete { hash: well_formed(row.hash)?, photo_key: row.photo_key })).collect()
}

/// Records that the photo of a cheque was deleted.
///
/// # Errors
/// If the query fails.
pub async fn clear_photo_key(pool: &PgPool, hash: &ChequeHash) -> Result<(), sqlx::Error> {
    sqlx::query!("update cheques set photo_key = null where hash = $1 and deleted_at is not null", hash.as_str())
        .execute(pool)
        .await
        .map(drop)
}

/// The keys among `photo_keys` that do not belong to a cheque.
///
/// # Errors
/// If the query fails.
pub async fn unknown_photos(pool: &PgPool, photo_keys: &[String]) -> Result<Vec<String>, sqlx::Error> {
    // A photo's key is derived from its cheque's key, so the row is found by the primary key.
    sqlx::query_scalar!(
        r#"select photo_key as "photo_key!" from unnest($1::text[]) as stored (photo_key)
           where not exists (
               select from cheques
               where cheques.hash = split_part(split_part(stored.photo_key, '/', 2), '.', 1)
                 and cheques.photo_key = stored.photo_key)"#,
        photo_keys,
    )
    .fetch_all(pool)
    .await
}

fn well_formed(hash: String) -> Result<ChequeHash, sqlx::Error> {
    ChequeHash::try_from(hash).map_err(|error| sqlx::Error::Decode(error.into()))
}
