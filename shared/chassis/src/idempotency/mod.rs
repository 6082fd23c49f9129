//! `Idempotency-Key`: the first answer is kept in the transaction of its effect and given again to repeats.
//!
//! Needs the table `idempotency_keys` in the service's schema. Only answers of committed transactions are kept:
//! a refused request changed nothing and may be tried again with the same key.

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
