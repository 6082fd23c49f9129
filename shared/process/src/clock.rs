//! The wall clock, with the precision of PostgreSQL.

use std::time::{SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// The current time in UTC, in whole microseconds, so that the database returns exactly the value that was written.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

/// The current Unix time in seconds, as used in tokens.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_time_has_whole_microseconds() {
        assert_eq!(super::now().nanosecond() % 1000, 0);
    }
}
