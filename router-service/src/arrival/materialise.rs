//! A cheque becomes a row here; from then on this service owns it.

use crate::domain::split::{OutOfBounds, Split};
use crate::store;
use contracts::ocr::ChequeRecognized;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Why a cheque did not become a row.
#[derive(Debug, thiserror::Error)]
pub enum MaterialiseError {
    /// It can't be shared.
    #[error("open the cheque")]
    Refused(#[from] OutOfBounds),
    /// The database's.
    #[error("store the cheque")]
    Store(#[from] sqlx::Error),
}

/// Opens the cheque unless it is here, or was and is deleted. Returns whether it is new.
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
