//! Waiting for a state instead of sleeping.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Longest wait for a state: long enough for a loaded machine, short enough to notice.
const LIMIT: Duration = Duration::from_secs(30);
/// Time between two checks.
const INTERVAL: Duration = Duration::from_millis(20);

/// Waits until `probe` returns `expected`.
///
/// # Panics
/// If it does not within 30 s; the message contains the last value.
pub async fn eventually<T: PartialEq + Debug>(expected: T, probe: impl AsyncFnMut() -> T) {
    eventually_within(LIMIT, expected, probe).await;
}

/// Waits until `probe` returns `expected`, for at most `limit`.
///
/// # Panics
/// If it does not in time; the message contains the last value.
pub async fn eventually_within<T: PartialEq + Debug>(limit: Duration, expected: T, mut probe: impl AsyncFnMut() -> T) {
    let started = Instant::now();
    loop {
        let value = probe().await;
        if value == expected {
            return;
        }
        assert!(started.elapsed() < limit, "still {value:?} after {} s, expected {expected:?}", limit.as_secs());
        tokio::time::sleep(INTERVAL).await;
    }
}
