//! Stores a cheque as a row of this service, which owns it from then on.

use crate::domain::split::{OutOfBounds, Split};
use crate::store;
use contracts::ocr::ChequeRecognized;
use postgres::StoreError;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Why a cheque could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum MaterialiseError {
    /// The cheque cannot be shared.
    #[error("open the cheque")]
    Refused(#[from] OutOfBounds),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the cheque for sharing, unless it already exists here or was deleted. Returns whether it is new.
///
/// # Errors
/// [`MaterialiseError`].
pub async fn materialise(
    connection: &mut PgConnection,
    read: ChequeRecognized,
    now: OffsetDateTime,
) -> Result<bool, MaterialiseError> {
    let split = Split::open(read, now)?;
    Ok(store::cheques::insert(connection, &split).await?)
}
