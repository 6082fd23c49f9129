//! `Idempotency-Key`: the first response is stored in the transaction of its effect, and replayed to repeated requests.
//!
//! Needs the table `idempotency_keys` in the service's schema. Only responses of committed transactions are stored: a
//! rejected request changed nothing and can be retried with the same key.

mod answer;
mod claim;
mod forget;
mod keep;
mod scope;

pub use answer::Answer;
pub use claim::{Claim, claim, claim_all};
pub use forget::{KEPT_HOURS, forget_old, forget_old_until};
pub use keep::{keep, keep_all};
pub use scope::{KEY_CHARACTERS_MAX, Scope};
