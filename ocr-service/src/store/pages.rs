//! The table `pages`: the photos of a cheque after its first one.

use contracts::ids::ChequeHash;
use postgres::{During, StoreError};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// A stored photo.
#[derive(Clone, Debug)]
pub struct StoredPhoto {
    /// Its key in the photo store.
    pub key: String,
    /// Its size.
    pub bytes: i64,
}

/// Inserts photos with the numbers from `first` on.
///
/// # Errors
/// If the query fails.
pub async fn insert(
    connection: &mut PgConnection,
    hash: &ChequeHash,
    first: u32,
    photos: &[StoredPhoto],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let keys: Vec<String> = photos.iter().map(|photo| photo.key.clone()).collect();
    let bytes: Vec<i64> = photos.iter().map(|photo| photo.bytes).collect();
    sqlx::query!(
        "insert into pages (hash, page, photo_key, photo_bytes, created_at) \
         select $1, $2::int + row_number::int - 1, photo_key, photo_bytes, $5 \
         from unnest($3::text[], $4::bigint[]) with ordinality as stored (photo_key, photo_bytes, row_number)",
        hash.as_str(),
        i32::try_from(first).unwrap_or(i32::MAX),
        &keys,
        &bytes,
        now,
    )
    .execute(connection)
    .await
    .map(drop)
    .during(format_args!("insert {} photos of cheque {}", photos.len(), hash.shortened()))
}

/// The number of the next photo of a cheque, which must be locked.
///
/// # Errors
/// If the query fails.
pub async fn next_number(connection: &mut PgConnection, hash: &ChequeHash) -> Result<u32, StoreError> {
    sqlx::query_scalar!(
        r#"select coalesce((select max(page) from pages where hash = $1),
                           (select 1 from cheques where hash = $1 and photo_key is not null), 0) + 1 as "number!""#,
        hash.as_str(),
    )
    .fetch_one(connection)
    .await
    .map(i32::unsigned_abs)
    .during(format_args!("number the next photo of cheque {}", hash.shortened()))
}

/// The key of a photo in the photo store.
///
/// # Errors
/// If the query fails.
pub async fn photo_key(pool: &PgPool, hash: &ChequeHash, page: u32) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar!(
        r#"select photo_key as "photo_key!" from pages where hash = $1 and page = $2
           union all
           select photo_key from cheques where hash = $1 and $2 = 1 and photo_key is not null"#,
        hash.as_str(),
        i32::try_from(page).unwrap_or(i32::MAX),
    )
    .fetch_optional(pool)
    .await
    .during(format_args!("find photo {page} of cheque {}", hash.shortened()))
}
