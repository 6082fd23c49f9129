//! The caller as a user of the domain.

use contracts::ids::UserId;
use http_api::problem::Problem;
use identity::{Caller, unauthenticated};

/// The caller as a user id of the domain.
pub(super) fn user_of(caller: Caller) -> Result<UserId, Problem> {
    UserId::try_from(caller.0).map_err(|_| unauthenticated("X-User-ID must be a positive number"))
}
