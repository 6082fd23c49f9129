//! `Idempotency-Key`: the first response is stored in the transaction of its effect, and replayed to repeated requests.
//!
//! Needs the table `idempotency_keys` in the service's schema. Only responses of committed transactions are stored: a
//! rejected request changed nothing and can be retried with the same key.

mod claim;
mod cleanup;
mod scope;
mod store;
mod stored_response;

pub use claim::{Claim, Earlier, claim, claim_all};
pub use cleanup::{RETENTION_HOURS, delete_expired, delete_expired_until};
pub use scope::{KEY_CHARACTERS_MAX, Scope};
pub use store::{store, store_all};
pub use stored_response::StoredResponse;
