//! One socket: a snapshot, then updates with growing versions, until either side leaves.

use super::hub::News;
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
/// A socket from which nothing came for so long is dead: two pings went unanswered.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// How long one message may take to leave.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// The cheque is gone: connecting again is useless. Source: RFC 6455, section 7.4.2, codes for private use.
const GONE: u16 = 4410;

/// Why a socket ends from our side, or that the client left.
enum End {
    Left,
    With(u16, &'static str),
}

/// Runs a socket to its end.
// An `async fn` would hold what it is given twice, and there are as many of these as there are sockets.
pub fn run(mut socket: WebSocket, state: State, hash: ChequeHash) -> impl Future<Output = ()> + Send {
    // Subscribed before the snapshot is read: a change between the two comes twice rather than never.
    let mut news = state.hub.subscribe(&hash);
    async move {
        let end = converse(&mut socket, &state, &hash, &mut news).await;
        drop(news);
        state.hub.unsubscribe(&hash);
        if let End::With(code, reason) = end {
            debug!(code, reason, "a socket is closed");
            let farewell = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            // The client may be gone already.
            let _ = tokio::time::timeout(SEND_TIMEOUT, socket.send(farewell)).await;
        }
    }
}

async fn converse(socket: &mut WebSocket, state: &State, hash: &ChequeHash, news: &mut watch::Receiver<News>) -> End {
    // Put aside: the memory that it takes is not to be kept for the socket's life.
    let mut told = match Box::pin(send_snapshot(socket, state, hash)).await {
        Ok(version) => version,
        Err(end) => return end,
    };
    let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard_at = Instant::now();
    loop {
        let end = tokio::select! {
            () = state.stopping.cancelled() => Some(End::With(close_code::RESTART, "the service restarts")),
            changed = news.changed() => {
                let latest = news.borrow_and_update().clone();
                if changed.is_err() || latest.ended {
                    Some(End::With(GONE, "the cheque was deleted"))
                } else if latest.version > told {
                    told = latest.version;
                    push(socket, latest).await
                } else {
                    None
                }
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => Some(End::Left),
                Some(Ok(_)) => {
                    heard_at = Instant::now();
                    None
                }
            },
            _ = pings.tick() => {
                if heard_at.elapsed() > SILENCE_MAX {
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

/// Sends the state; returns its version.
async fn send_snapshot(socket: &mut WebSocket, state: &State, hash: &ChequeHash) -> Result<i64, End> {
    // Not from a replica of the database: a push of what it does not have yet may be over already.
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

/// Sends a change, on the trace of what changed it.
async fn push(socket: &mut WebSocket, news: News) -> Option<End> {
    let span = news.context.map(|context| Span::start(context.child(), trace::Kind::Internal, || "push".into()));
    let end = send(socket, Message::Text(news.text)).await;
    if let (Some(mut span), Some(_)) = (span, &end) {
        span.fail("the socket did not take it");
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
