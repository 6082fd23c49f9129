//! One socket: a snapshot, then updates with increasing versions, until either side closes.

use super::hub::LatestUpdate;
use super::message::{Kind, text};
use crate::state::State;
use crate::store::cheques::{self, Found};
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use contracts::ids::ChequeHash;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use trace::Span;
use tracing::{debug, warn};

/// How often a socket is pinged.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A socket that received nothing for this long is dead: two pings were not answered.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// Time limit for sending one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Close code for a deleted cheque: reconnecting is useless. Source: RFC 6455, section 7.4.2, codes for private use.
const GONE: u16 = 4410;

/// Why a socket ends: the client left, or the server closes it with a code and a reason.
enum End {
    Left,
    With(u16, &'static str),
}

/// Runs a socket until it ends.
// An `async fn` would store its arguments twice in the future, which costs memory for every open socket.
pub fn run(mut socket: WebSocket, state: State, hash: ChequeHash) -> impl Future<Output = ()> + Send {
    // Subscribe before reading the snapshot: a change between the two then arrives twice instead of never.
    let mut subscription = state.hub.subscribe(&hash);
    async move {
        let end = run_until_end(&mut socket, &state, &hash, &mut subscription.updates).await;
        drop(subscription);
        state.hub.unsubscribe(&hash);
        if let End::With(code, reason) = end {
            debug!(code, reason, "socket closed by the server");
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // The client may already have disconnected.
            let _ = tokio::time::timeout(SEND_TIMEOUT, socket.send(close)).await;
        }
    }
}

async fn run_until_end(
    socket: &mut WebSocket,
    state: &State,
    hash: &ChequeHash,
    updates: &mut watch::Receiver<LatestUpdate>,
) -> End {
    // Boxed, so that the memory for the snapshot is freed and not reserved for the whole life of the socket.
    let mut sent_version = match Box::pin(send_snapshot(socket, state, hash)).await {
        Ok(version) => version,
        Err(end) => return end,
    };
    let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_received_at = Instant::now();
    loop {
        let end = tokio::select! {
            () = state.stopping.cancelled() => Some(End::With(close_code::RESTART, "the service restarts")),
            changed = updates.changed() => {
                let latest = updates.borrow_and_update().clone();
                if changed.is_err() || latest.ended {
                    Some(End::With(GONE, "the cheque was deleted"))
                } else if latest.version > sent_version {
                    sent_version = latest.version;
                    push(socket, latest).await
                } else {
                    None
                }
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => Some(End::Left),
                Some(Ok(_)) => {
                    last_received_at = Instant::now();
                    None
                }
            },
            _ = pings.tick() => {
                if last_received_at.elapsed() > SILENCE_MAX {
                    Some(End::With(close_code::AWAY, "no answer to pings"))
                } else {
                    send(socket, Message::Ping(Bytes::new())).await
                }
            }
        };
        if let Some(end) = end {
            return end;
        }
    }
}

/// Sends the state and returns its version.
async fn send_snapshot(socket: &mut WebSocket, state: &State, hash: &ChequeHash) -> Result<i64, End> {
    // Not from a database replica: it may lag behind an update that was pushed before this socket subscribed.
    match cheques::find(&state.database, hash).await {
        Ok(Some(Found::Split(split))) => {
            let message = Message::Text(text(Kind::Snapshot, &split));
            send(socket, message).await.map_or(Ok(split.version), Err)
        }
        Ok(Some(Found::Deleted) | None) => Err(End::With(GONE, "the cheque was deleted")),
        Err(failure) => {
            warn!(error = %failure, "read the snapshot of a socket");
            Err(End::With(close_code::AGAIN, "try again soon"))
        }
    }
}

/// Sends a change within its trace.
async fn push(socket: &mut WebSocket, update: LatestUpdate) -> Option<End> {
    let span = update.context.map(|context| Span::start(context.child(), trace::Kind::Internal, || "push".into()));
    let end = send(socket, Message::Text(update.text)).await;
    if let (Some(mut span), Some(_)) = (span, &end) {
        span.fail("sending to the socket failed");
    }
    end
}

async fn send(socket: &mut WebSocket, message: Message) -> Option<End> {
    match tokio::time::timeout(SEND_TIMEOUT, socket.send(message)).await {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some(End::Left),
        Err(_) => Some(End::With(close_code::AGAIN, "too slow; connect again")),
    }
}
