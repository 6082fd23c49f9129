//! PostgreSQL: pools with time limits and stable plans, and idempotency keys.

pub mod idempotency;
mod pool;

pub use http_api::database::is_outage;
pub use pool::{DatabaseUrlError, PostgresConfig, check, pool, read_pool};
