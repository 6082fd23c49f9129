//! Members of a group.

use contracts::ids::UserId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Number of a member within a group, from 1; never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemberId(pub u32);

impl fmt::Display for MemberId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A person who is or was in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member's number.
    pub id: MemberId,
    /// Display name.
    pub name: String,
    /// The user; `None` for a person without an account.
    pub user_id: Option<UserId>,
    /// Whether they left. What they have shared still counts.
    pub has_left: bool,
}
