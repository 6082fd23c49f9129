//! The caller as a user of the domain.

use chassis::identity::{Caller, unauthenticated};
use chassis::problem::Problem;
use contracts::ids::UserId;

/// The caller as a user id of the domain.
pub(super) fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}
