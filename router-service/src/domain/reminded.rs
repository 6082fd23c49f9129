//! When and how often a participant was reminded.

use time::OffsetDateTime;

/// Reminders of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reminded {
    /// When they were last reminded.
    pub at: OffsetDateTime,
    /// How often; at least once.
    pub times: u32,
}
