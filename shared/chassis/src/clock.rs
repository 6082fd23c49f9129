//! The wall clock, as precise as PostgreSQL keeps it.

use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// Now, in UTC and whole microseconds: a moment reads back from the database as it was written.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

/// Now, in whole seconds since 1970, as tokens and passes tell it.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_moment_has_whole_microseconds() {
        assert_eq!(super::now().nanosecond() % 1000, 0);
    }
}
