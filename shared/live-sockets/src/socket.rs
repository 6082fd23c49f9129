//! One socket: a snapshot, then updates with increasing versions, until either side closes.

use crate::budget::Budget;
use crate::close::{Close, End, finish};
use crate::feed::{Feed, Update};
use crate::hub::Subscription;
use crate::mailbox::Signal;
use crate::stream::{SEND_TIMEOUT, Stream, send_text};
use futures_util::{SinkExt, StreamExt};
use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::CancellationToken;
use trace::Span;

/// How often a socket is pinged.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A socket that received nothing for this long is dead: two pings were not answered.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// Number of items per socket whose last sent version is remembered.
const SENT_VERSIONS_MAX: usize = 1000;

/// The last version that was sent of each item.
struct SentVersions<I>(HashMap<I, i64>);

/// Runs a socket until it ends.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would store its arguments twice in each socket's future")]
pub(crate) fn run<F: Feed>(
    mut socket: Stream,
    subscription: Subscription<F>,
    frames: Budget,
    stopping: CancellationToken,
) -> impl Future<Output = ()> + Send {
    async move {
        let end = run_until_end(&mut socket, &subscription, frames, &stopping).await;
        drop(subscription);
        Box::pin(finish(socket, end)).await;
    }
}

async fn run_until_end<F: Feed>(
    socket: &mut Stream,
    subscription: &Subscription<F>,
    mut frames: Budget,
    stopping: &CancellationToken,
) -> End {
    let mut sent = SentVersions(HashMap::new());
    // Boxed, so that the memory for the snapshot is freed and not reserved for the whole life of the socket.
    if let Some(end) = Box::pin(send_snapshot(socket, subscription, &mut sent)).await {
        return end;
    }
    let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_received_at = Instant::now();
    loop {
        let end = tokio::select! {
            () = stopping.cancelled() => Some(End::ByServer(Close::RESTART)),
            signal = subscription.mailbox.next() => match signal {
                Signal::Update(update) => send_newer(socket, &update, &mut sent).await,
                Signal::Resync => Box::pin(send_snapshot(socket, subscription, &mut sent)).await,
                Signal::Close(close) => Some(End::ByServer(close)),
            },
            received = socket.next() => match received {
                Some(Ok(Message::Close(_))) => Some(End::ByClient),
                Some(Ok(_)) => {
                    last_received_at = Instant::now();
                    (!frames.spend(1, last_received_at)).then_some(End::ByServer(Close::TOO_MUCH))
                }
                Some(Err(failure)) => Some(End::after(&failure)),
                None => Some(End::Lost),
            },
            _ = pings.tick() => {
                if last_received_at.elapsed() > SILENCE_MAX {
                    Some(End::ByServer(Close::SILENT))
                } else {
                    in_time(socket.send(Message::Ping(Bytes::new()))).await
                }
            }
        };
        if let Some(end) = end {
            return end;
        }
    }
}

/// Sends the current state, skipping versions that the client already has.
async fn send_snapshot<F: Feed>(
    socket: &mut Stream,
    subscription: &Subscription<F>,
    sent: &mut SentVersions<F::Item>,
) -> Option<End> {
    match subscription.feed.snapshot().await {
        Ok(updates) => {
            for update in updates {
                let update = subscription.shared(update);
                if let Some(end) = send_newer(socket, &update, sent).await {
                    return Some(end);
                }
            }
            None
        }
        Err(close) => Some(End::ByServer(close)),
    }
}

/// Sends a message unless the client already has this version or a later one. An update is sent within its trace.
async fn send_newer<I: Clone + Eq + Hash>(
    socket: &mut Stream,
    update: &Update<I>,
    sent: &mut SentVersions<I>,
) -> Option<End> {
    if !sent.advance(&update.item, update.version) {
        return None;
    }
    let span = update.context.map(|context| Span::start(context.child(), trace::Kind::Internal, || "push".into()));
    let end = in_time(send_text(socket, &update.text)).await;
    if let (Some(mut span), Some(_)) = (span, &end) {
        span.fail("sending to the socket failed");
    }
    end
}

async fn in_time(sending: impl Future<Output = Result<(), Error>>) -> Option<End> {
    match tokio::time::timeout(SEND_TIMEOUT, sending).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some(End::Lost),
        Err(_) => Some(End::ByServer(Close::SLOW)),
    }
}

impl<I: Clone + Eq + Hash> SentVersions<I> {
    /// Remembers the version; false if this version or a later one was sent before.
    fn advance(&mut self, item: &I, version: i64) -> bool {
        if self.0.get(item).is_some_and(|sent| *sent >= version) {
            return false;
        }
        // After clearing, a message may be sent twice; the client ignores it by its version.
        if self.0.len() >= SENT_VERSIONS_MAX {
            self.0.clear();
        }
        self.0.insert(item.clone(), version);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_is_not_newer_is_not_sent() {
        let mut sent = SentVersions(HashMap::new());
        let newer: Vec<bool> = [(1, 2), (1, 2), (1, 1), (2, 1), (1, 3)].map(|(item, v)| sent.advance(&item, v)).into();
        assert_eq!(newer, [true, false, false, true, true]);
    }

    #[test]
    fn the_remembered_versions_are_limited() {
        let mut sent = SentVersions(HashMap::new());
        for item in 0..5000 {
            sent.advance(&item, 1);
        }
        assert!(sent.0.len() <= SENT_VERSIONS_MAX);
    }
}
