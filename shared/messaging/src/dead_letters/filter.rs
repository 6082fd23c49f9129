//! Selecting dead letters.

use super::words::{Direction, State};
use time::OffsetDateTime;
use uuid::Uuid;

/// Dead letters with all of these properties; the default selects all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Their state.
    pub state: Option<State>,
    /// Their direction.
    pub direction: Option<Direction>,
    /// Their wire type.
    pub event_type: Option<String>,
    /// A part of their reason, ignoring case.
    pub reason: Option<String>,
    /// Dead-lettered before this moment.
    pub failed_before: Option<OffsetDateTime>,
    /// Dead-lettered at this moment or later.
    pub failed_after: Option<OffsetDateTime>,
}

/// A position in the list of dead letters, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// When that dead letter was stored.
    pub failed_at: OffsetDateTime,
    /// Its id.
    pub event_id: Uuid,
    /// Its direction.
    pub direction: Direction,
}

/// The conditions of a [`Filter`], as parameters 1 to 6.
pub(super) const CONDITIONS: &str = "($1::text is null or state = $1) \
     and ($2::text is null or direction = $2) \
     and ($3::text is null or event_type = $3) \
     and ($4::text is null or position(lower($4) in lower(reason)) > 0) \
     and ($5::timestamptz is null or failed_at < $5) \
     and ($6::timestamptz is null or failed_at >= $6)";

/// Binds a filter to a statement that begins with [`CONDITIONS`].
macro_rules! bind_filter {
    ($query:expr, $filter:expr) => {
        $query
            .bind($filter.state.map($crate::dead_letters::State::word))
            .bind($filter.direction.map($crate::dead_letters::Direction::word))
            .bind($filter.event_type.as_deref())
            .bind($filter.reason.as_deref())
            .bind($filter.failed_before)
            .bind($filter.failed_after)
    };
}

pub(super) use bind_filter;
