//! Waiting for a state instead of for time, and saying whose wait was in vain.

use std::panic::Location;
use std::time::{Duration, Instant};

/// How often a state is looked for.
const INTERVAL: Duration = Duration::from_millis(10);

/// What somebody who looked has seen.
pub(crate) enum Seen {
    /// It is as it should be.
    Holds,
    /// It may still come; this is missing.
    NotYet(String),
    /// No wait will mend it.
    Never(String),
}

/// Looks again and again until it is as it should be.
///
/// # Panics
/// When it is not within `limit`, or can't be any more: with the place of the assertion, and what was seen last.
pub(crate) async fn wait(limit: Duration, asserted_at: &Location<'_>, mut look: impl AsyncFnMut() -> Seen) {
    let started = Instant::now();
    loop {
        match look().await {
            Seen::Holds => return,
            Seen::Never(why) => panic!("{asserted_at}: {why}"),
            Seen::NotYet(why) if started.elapsed() >= limit => {
                panic!("{asserted_at}: {why}, {:.1} s after it was asserted", limit.as_secs_f64())
            }
            Seen::NotYet(_) => tokio::time::sleep(INTERVAL).await,
        }
    }
}
