//! Waits for a state instead of for a time, and reports the location of a wait that failed.

use std::panic::Location;
use std::time::{Duration, Instant};

/// How often the state is checked.
const INTERVAL: Duration = Duration::from_millis(10);

/// The result of a check.
pub(crate) enum Seen {
    /// The state is reached.
    Holds,
    /// The state may still be reached; contains what is missing.
    NotYet(String),
    /// The state can't be reached any more.
    Never(String),
}

/// Checks repeatedly until the state is reached.
///
/// # Panics
/// If it is not reached within `limit`, or can't be any more: with the location of the assertion and the last result.
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
