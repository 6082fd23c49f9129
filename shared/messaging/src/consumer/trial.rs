//! Half open: one event is tried in place, again and again, until it shows that things work.

use super::batch::{Disposition, Worker};
use super::breaker::State;
use super::incoming::Arrived;
use super::ladder;
use crate::backoff::Backoff;
use std::time::Duration;
use time::OffsetDateTime;

/// Trials of one event before another one is tried: the event itself may be what fails.
const TRIALS: u32 = 5;
/// Waits between them, the first and the longest.
const AGAIN_FIRST: Duration = Duration::from_millis(500);
const AGAIN_LAST: Duration = Duration::from_secs(10);

/// What a trial says about the outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is over.
    Works,
    /// Nobody knows; try another event.
    Unclear,
}

/// Tries an event until it is decided, or the process stops, or the delivery is not ours any more.
///
/// The event is held all that time: handed back, it would come again at once, and be counted. An outage of the
/// database is waited out with it; for another one it makes room for the next after some trials, and waits on the
/// longest rung without using it up.
pub(super) async fn run(
    worker: &Worker,
    message: &Arrived<'_>,
    still_ours: impl Fn() -> bool,
) -> (Disposition, Verdict) {
    let mut backoff = Backoff::new(AGAIN_FIRST, AGAIN_LAST);
    let mut trials = 0;
    while still_ours() {
        let disposition = worker.handle(std::slice::from_ref(message)).await.pop().unwrap_or(Disposition::Kept);
        let outage = match disposition {
            Disposition::Outage(outage) => outage,
            Disposition::Done | Disposition::Failed(_) => return (disposition, Verdict::Works),
            Disposition::Kept => break,
        };
        if !outage.of_database {
            trials += 1;
        }
        if trials >= TRIALS {
            let failed = message.history.failed(&outage.why, OffsetDateTime::now_utc());
            return (Disposition::Failed(ladder::wait(failed, Duration::MAX)), Verdict::Unclear);
        }
        worker.breaker.set(State::Open(outage));
        tokio::select! {
            () = tokio::time::sleep(backoff.next()) => {}
            () = worker.stopping.cancelled() => break,
        }
    }
    (Disposition::Kept, Verdict::Unclear)
}
