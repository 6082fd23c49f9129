//! PostgreSQL: pools with time limits and stable plans, errors that say what was being done, and idempotency keys.

pub mod idempotency;
mod pool;
mod store_error;

pub use pool::{DatabaseUrlError, PostgresConfig, check, pool, read_pool};
pub use store_error::{During, StoreError};
