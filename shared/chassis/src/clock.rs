//! The wall clock, as precise as PostgreSQL keeps it.

use time::OffsetDateTime;

/// Now, in UTC and whole microseconds: a moment reads back from the database as it was written.
pub fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_microsecond(now.microsecond()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_moment_has_whole_microseconds() {
        assert_eq!(super::now().nanosecond() % 1000, 0);
    }
}
