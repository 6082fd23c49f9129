//! The timestamp of log lines.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::time::{Duration, UNIX_EPOCH};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

thread_local! {
    /// The last formatted second, and its text up to the seconds.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Writes the current time in microseconds: `2026-11-25T12:00:00.000000Z`.
///
/// The date is formatted once per second, not for each of up to ten thousand lines.
pub(crate) fn write_now(to: &mut impl Write) -> fmt::Result {
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.as_secs() || text.is_empty() {
            text.clear();
            SystemTime.format_time(&mut Writer::new(text))?;
            // If the next second begins in between, this line's timestamp is up to a second late.
            text.truncate(text.find('.').unwrap_or(text.len()));
            *second = now.as_secs();
        }
        to.write_str(text)
    })?;
    write!(to, ".{:06}Z", now.subsec_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
