//! Waiting for a state instead of for time.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long a state may take to come: long enough for a loaded machine, short enough to notice.
const LIMIT: Duration = Duration::from_secs(30);
/// How often it is looked for.
const INTERVAL: Duration = Duration::from_millis(20);

/// Waits until `look` returns `expected`.
///
/// # Panics
/// When it does not within 30 s; the last value is shown.
pub async fn eventually<T: PartialEq + Debug>(expected: T, look: impl AsyncFnMut() -> T) {
    eventually_within(LIMIT, expected, look).await;
}

/// Waits until `look` returns `expected`, for at most `limit`.
///
/// # Panics
/// When it does not in time; the last value is shown.
pub async fn eventually_within<T: PartialEq + Debug>(limit: Duration, expected: T, mut look: impl AsyncFnMut() -> T) {
    let started = Instant::now();
    loop {
        let seen = look().await;
        if seen == expected {
            return;
        }
        assert!(started.elapsed() < limit, "still {seen:?} after {} s, expected {expected:?}", limit.as_secs());
        tokio::time::sleep(INTERVAL).await;
    }
}
