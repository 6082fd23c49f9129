//! One socket: a snapshot, then updates with increasing versions, until either side closes.

use super::hub::{Signal, Subscription};
use super::message::{Kind, LiveMessage, SerializedUpdate};
use crate::domain::order::Order;
use crate::state::State;
use crate::store;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use contracts::ids::{OrderId, UserId};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use trace::Span;
use tracing::{debug, warn};

/// How often a socket is pinged.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A socket that received nothing for this long is dead: two pings were not answered.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// Time limit for sending one message.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// Number of orders in the snapshot of a socket that watches all orders of a user.
const SNAPSHOT_ORDERS: i64 = 50;

/// Number of orders per socket whose last sent version is remembered.
const SENT_VERSIONS_MAX: usize = 1000;

/// What a socket watches: one order, or all of the user's.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// The owner of the orders.
    pub user_id: UserId,
    /// If set, only this order.
    pub order_id: Option<OrderId>,
}

/// Why a socket ends: the client left, or the server closes it with a code and a reason.
enum End {
    Left,
    With(u16, &'static str),
}

/// Runs a socket until it ends.
// An `async fn` would store its arguments twice in the future, which costs memory for every open socket.
pub fn run(mut socket: WebSocket, state: State, watched: Watched) -> impl Future<Output = ()> + Send {
    // Subscribe before reading the snapshot: a change between the two then arrives twice instead of never.
    let mut subscription = state.hub.subscribe(watched.user_id, watched.order_id);
    async move {
        let end = run_until_end(&mut socket, &state, watched, &mut subscription).await;
        drop(subscription);
        state.hub.unsubscribe(watched.user_id);
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
    watched: Watched,
    subscription: &mut Subscription,
) -> End {
    let mut sent_versions = HashMap::new();
    // Boxed, so that the memory for the snapshot is freed and not reserved for the whole life of the socket.
    if let Some(end) = Box::pin(send_snapshot(socket, state, watched, &mut sent_versions)).await {
        return end;
    }
    let mut pings = tokio::time::interval_at(Instant::now() + PING_EVERY, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_received_at = Instant::now();
    loop {
        let end = tokio::select! {
            () = state.stopping.cancelled() => Some(End::With(close_code::RESTART, "the service restarts")),
            signal = subscription.signals.recv() => match signal {
                Some(Signal::Update(update)) => send_newer(socket, &update, &mut sent_versions).await,
                Some(Signal::Resync) => Box::pin(send_snapshot(socket, state, watched, &mut sent_versions)).await,
                None => Some(End::With(close_code::AGAIN, "too slow; connect again")),
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

/// Sends the current state, skipping versions that the client already has.
async fn send_snapshot(
    socket: &mut WebSocket,
    state: &State,
    watched: Watched,
    sent_versions: &mut HashMap<OrderId, i64>,
) -> Option<End> {
    match read_orders(state, watched).await {
        Ok(orders) => {
            // Oldest first: clients that prepend each message end up with the newest order on top.
            for order in orders.iter().rev() {
                match SerializedUpdate::of(&LiveMessage::of(Kind::Snapshot, order), None) {
                    Ok(snapshot) => {
                        if let Some(end) = send_newer(socket, &snapshot, sent_versions).await {
                            return Some(end);
                        }
                    }
                    Err(failure) => warn!(error = %failure, "serialise a live message"),
                }
            }
            None
        }
        Err(failure) => {
            warn!(error = %failure, "read the snapshot of a socket");
            Some(End::With(close_code::AGAIN, "try again soon"))
        }
    }
}

/// Reads the primary: a replica may lag behind an update that was pushed before this socket subscribed.
async fn read_orders(state: &State, watched: Watched) -> Result<Vec<Order>, sqlx::Error> {
    match watched.order_id {
        Some(id) => Ok(store::orders::find(&state.database, watched.user_id, id).await?.into_iter().collect()),
        None => store::orders::page(&state.database, watched.user_id, None, None, SNAPSHOT_ORDERS).await,
    }
}

/// Sends a message unless the client already has this version or a later one.
async fn send_newer(
    socket: &mut WebSocket,
    message: &SerializedUpdate,
    sent_versions: &mut HashMap<OrderId, i64>,
) -> Option<End> {
    if sent_versions.get(&message.order_id).is_some_and(|version| *version >= message.version) {
        return None;
    }
    // After clearing, a message may be sent twice; the client ignores it by its version.
    if sent_versions.len() >= SENT_VERSIONS_MAX {
        sent_versions.clear();
    }
    sent_versions.insert(message.order_id, message.version);
    let span = message.context.map(|context| Span::start(context.child(), trace::Kind::Internal, || "push".into()));
    let end = send(socket, Message::Text(message.text.clone())).await;
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
