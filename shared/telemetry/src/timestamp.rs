//! The timestamp of log lines.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

thread_local! {
    /// The last formatted second, and its text up to the seconds.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Writes the current time in microseconds: `2026-11-25T12:00:00.000000Z`.
pub(crate) fn write_now(to: &mut impl Write) -> fmt::Result {
    write_time(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO), to)
}

/// Writes a time since the Unix epoch. The date is formatted once per second, not for each of up to ten thousand lines.
fn write_time(time: Duration, to: &mut impl Write) -> fmt::Result {
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != time.as_secs() || text.is_empty() {
            let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            let date = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| fmt::Error)?;
            let (hour, minute, seconds) = date.to_hms();
            let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
            text.clear();
            write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{seconds:02}")?;
            *second = time.as_secs();
        }
        to.write_str(text)
    })?;
    write!(to, ".{:06}Z", time.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::fmt::format::Writer;
    use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

    #[test]
    fn the_format_equals_that_of_the_library() {
        for _ in 0..3 {
            let (mut before, mut now, mut after) = (String::new(), String::new(), String::new());
            SystemTime.format_time(&mut Writer::new(&mut before)).unwrap();
            write_now(&mut now).unwrap();
            SystemTime.format_time(&mut Writer::new(&mut after)).unwrap();
            assert!(before <= now && now <= after, "{before} {now} {after}");
            assert_eq!(now.len(), before.len());
        }
    }

    #[test]
    fn the_end_of_a_second_belongs_to_that_second() {
        for (time, expected) in [
            (Duration::new(1_790_000_000, 999_999_999), "2026-09-21T14:13:20.999999Z"),
            (Duration::new(1_790_000_001, 0), "2026-09-21T14:13:21.000000Z"),
            (Duration::new(1_790_000_000, 1_000), "2026-09-21T14:13:20.000001Z"),
        ] {
            let mut text = String::new();
            write_time(time, &mut text).unwrap();
            assert_eq!(text, expected);
        }
    }
}
