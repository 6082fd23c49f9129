//! The audit trail: what was done, tried or refused, by whom and from where. In a table to which the service can only add
//! rows, and in the log with the target `audit`.
//!
//! What was done is recorded in the transaction that does it, with [`record`]. What failed or was refused has no
//! transaction: [`Refusals`] counts it, and writes it within a second.

mod event;
mod kind;
mod refusals;

pub use event::{AuditEvent, Recorded};
pub use kind::{Kind, Outcome};
pub use refusals::Refusals;

use crate::store;
use postgres::StoreError;
use sqlx::PgConnection;

/// Records an event in the transaction of its change.
///
/// # Errors
/// Database errors.
pub async fn record(connection: &mut PgConnection, event: AuditEvent) -> Result<Recorded, StoreError> {
    store::audit_events::insert(connection, &event, None).await
}
