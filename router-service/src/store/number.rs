//! Numbers of participants and lines, as PostgreSQL stores them.

/// Converts a participant or line number, counted from 1, to PostgreSQL's integer type.
pub(super) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
