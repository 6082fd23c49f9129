//! Events of users-service.

use crate::ids::UserId;
use rabbit_outbox_event::Event;
use serde::{Deserialize, Serialize};

/// A user registered: payments-service opens their account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UserRegistered {
    /// The user.
    pub user_id: UserId,
}

impl Event for UserRegistered {
    const TYPE: &'static str = "users.UserRegistered.v1";

    fn ordering_key(&self) -> String {
        self.user_id.to_string()
    }
}
