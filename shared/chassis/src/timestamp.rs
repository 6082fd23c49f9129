//! The time of a log line.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::time::{Duration, UNIX_EPOCH};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

thread_local! {
    /// The last second that was written, and its text up to the seconds.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Writes what time it is, in microseconds: `2026-11-25T12:00:00.000000Z`.
///
/// The calendar is asked once a second, not for each of ten thousand lines in it.
pub(crate) fn write_now(to: &mut impl Write) -> fmt::Result {
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    SECOND.with_borrow_mut(|(second, text)| {
        if *second != now.as_secs() || text.is_empty() {
            text.clear();
            SystemTime.format_time(&mut Writer::new(text))?;
            // Should it have become the next second in between, this line is a moment late.
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
    fn it_is_written_as_the_library_writes_it() {
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
