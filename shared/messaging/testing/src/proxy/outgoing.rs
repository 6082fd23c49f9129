//! Bytes to be sent to one side of a connection, and their rate limit.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;

/// A reader stops while more than this is unwritten, so that the sender sees backpressure.
const UNWRITTEN_BYTES_MAX: usize = 128 * 1024;
/// Maximum size of a write under a rate limit, so that a small frame does not wait for a whole large one.
const SLICE_BYTES: usize = 16 * 1024;

/// How much unused time may be used later.
const MADE_UP_FOR: Duration = Duration::from_millis(100);

/// A limit of bytes per second that all connections share in one direction.
#[derive(Debug, Default)]
pub(crate) struct Bandwidth(Mutex<Limit>);

#[derive(Debug, Default)]
struct Limit {
    bytes_per_second: Option<u32>,
    /// Until when the line is busy with admitted bytes.
    busy_until: Option<Instant>,
}

impl Bandwidth {
    pub(crate) fn limit(&self, bytes_per_second: Option<u32>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Limit { bytes_per_second, busy_until: None };
    }

    /// How long to wait before `bytes` more may be sent.
    fn take(&self, bytes: usize) -> Option<Duration> {
        let mut limit = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rate = limit.bytes_per_second?;
        let now = Instant::now();
        // Timers wake late: this is compensated, otherwise the rate would be below the limit.
        let idle_since = now.checked_sub(MADE_UP_FOR).unwrap_or(now);
        let free_at = limit.busy_until.map_or(now, |until| until.max(idle_since));
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        limit.busy_until = Some(free_at + Duration::from_secs_f64(f64::from(bytes) / f64::from(rate.max(1))));
        Some(free_at.saturating_duration_since(now))
    }

    fn is_limited(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).bytes_per_second.is_some()
    }
}

/// The bytes to be written to one side.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    unwritten: Mutex<Unwritten>,
    filled: Notify,
    written: Notify,
}

#[derive(Debug, Default)]
struct Unwritten {
    parts: VecDeque<Vec<u8>>,
    bytes: usize,
    /// No bytes follow the buffered ones.
    ended: bool,
}

impl Outgoing {
    pub(crate) fn push(&self, bytes: Vec<u8>) {
        let mut unwritten = self.lock();
        unwritten.bytes += bytes.len();
        unwritten.parts.push_back(bytes);
        self.filled.notify_one();
    }

    /// Writes the buffered bytes, then ends the stream.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.filled.notify_one();
    }

    /// Waits while the other side is slow.
    pub(crate) async fn room(&self) {
        while self.lock().bytes >= UNWRITTEN_BYTES_MAX {
            self.written.notified().await;
        }
    }

    /// Writes until the end, or until the other side is gone.
    pub(crate) async fn write_to(&self, mut stream: impl AsyncWrite + Unpin, bandwidth: &Bandwidth) {
        loop {
            let (part, ended) = {
                let mut unwritten = self.lock();
                (unwritten.parts.pop_front(), unwritten.ended)
            };
            let Some(part) = part else {
                if ended {
                    let _ = stream.shutdown().await;
                    return;
                }
                self.filled.notified().await;
                continue;
            };
            let slice = if bandwidth.is_limited() { SLICE_BYTES } else { part.len().max(1) };
            for bytes in part.chunks(slice) {
                if let Some(wait) = bandwidth.take(bytes.len()) {
                    tokio::time::sleep(wait).await;
                }
                if stream.write_all(bytes).await.is_err() {
                    return;
                }
            }
            self.lock().bytes -= part.len();
            self.written.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Unwritten> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limited_line_is_busy_for_as_long_as_its_bytes_take() {
        let bandwidth = Bandwidth::default();
        assert_eq!(bandwidth.take(1_000_000), None);
        bandwidth.limit(Some(1_000));
        assert_eq!(bandwidth.take(500), Some(Duration::ZERO));
        let wait = bandwidth.take(1).unwrap();
        assert!(wait > Duration::from_millis(400) && wait <= Duration::from_millis(500), "{wait:?}");
        bandwidth.limit(None);
        assert_eq!(bandwidth.take(1), None);
    }
}
