//! Half open: one event is tried again and again until it shows that handlers work.

use super::batch::{Disposition, Worker};
use super::breaker::State;
use super::incoming::Arrived;
use super::ladder;
use crate::backoff::Backoff;
use std::time::Duration;
use time::OffsetDateTime;

/// Attempts with one event before another one is tried: the event itself may be the cause.
const TRIALS: u32 = 5;
/// Backoff between them: first and longest.
const AGAIN_FIRST: Duration = Duration::from_millis(500);
const AGAIN_LAST: Duration = Duration::from_secs(10);

/// What a trial shows about the outage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is over.
    Works,
    /// Unknown; try another event.
    Unclear,
}

/// Tries an event until it is decided, the process stops, or the channel is lost.
///
/// The event stays unacknowledged all that time: if it was returned, the broker would deliver it again at once, and
/// count it. During an outage of the database the event is tried until the database is back. In another outage it is
/// sent to the longest rung after some attempts, without using that rung up, so that the next event is tried.
pub(super) async fn run(
    worker: &Worker,
    message: &Arrived<'_>,
    still_ours: impl Fn() -> bool,
) -> (Disposition, Verdict) {
    let mut backoff = Backoff::new(AGAIN_FIRST, AGAIN_LAST);
    let mut trials = 0;
    while still_ours() {
        let disposition = worker.handle(std::slice::from_ref(message)).await.pop().unwrap_or(Disposition::Unsettled);
        let outage = match disposition {
            Disposition::Outage(outage) => outage,
            Disposition::Done | Disposition::Failed(_) => return (disposition, Verdict::Works),
            Disposition::Unsettled => break,
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
    (Disposition::Unsettled, Verdict::Unclear)
}
