//! Sockets that record when each order is paid.

use futures_util::StreamExt;
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::LocalSet;
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use uuid::Uuid;

/// Size of a socket's buffers: a status has some hundred bytes, and the default of 128 KiB would be allocated per
/// socket.
const BUFFER_BYTES: usize = 2048;

/// Maximum time that a waiting task sleeps before it checks again.
const RECHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Why a socket could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WatchError {
    #[error("connect to {host}")]
    Connect { host: String, source: std::io::Error },
    #[error("open a socket at {url}")]
    Open { url: String, source: Box<tokio_tungstenite::tungstenite::Error> },
}

/// What the sockets have received.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    paid: Rc<RefCell<HashMap<Uuid, Instant>>>,
    changed: Rc<Notify>,
}

#[derive(Deserialize)]
struct Status<'a> {
    order_id: Uuid,
    status: &'a str,
}

impl Seen {
    /// When the order was seen as paid.
    pub(crate) fn paid_at(&self, order: Uuid) -> Option<Instant> {
        self.paid.borrow().get(&order).copied()
    }

    /// Number of orders seen as paid.
    pub(crate) fn paid(&self) -> usize {
        self.paid.borrow().len()
    }

    /// Waits for the next paid order, or for a short time.
    pub(crate) async fn changed(&self) {
        let _ = tokio::time::timeout(RECHECK_INTERVAL, self.changed.notified()).await;
    }

    fn record(&self, text: &str) {
        let now = Instant::now();
        // Other messages are ignored.
        if let Ok(Status { order_id, status: "PAID" }) = serde_json::from_str(text) {
            self.paid.borrow_mut().entry(order_id).or_insert(now);
            self.changed.notify_waiters();
        }
    }
}

/// Opens a socket for all orders of each user, and reads it as long as `tasks` runs.
pub(crate) async fn watch(tasks: &LocalSet, host: &str, users: impl Iterator<Item = i64>) -> Result<Seen, WatchError> {
    let seen = Seen::default();
    for user in users {
        let mut socket = open(host, user).await?;
        let seen = seen.clone();
        tasks.spawn_local(async move {
            while let Some(Ok(message)) = socket.next().await {
                if let Message::Text(text) = message {
                    seen.record(&text);
                }
            }
        });
    }
    Ok(seen)
}

/// Opens a socket for all orders of a user, with small buffers.
pub(crate) async fn open(host: &str, user: i64) -> Result<WebSocketStream<TcpStream>, WatchError> {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(2 * BUFFER_BYTES);
    let connecting = |source| WatchError::Connect { host: host.to_owned(), source };
    let stream = TcpStream::connect(host).await.map_err(connecting)?;
    stream.set_nodelay(true).map_err(connecting)?;
    let url = format!("ws://{host}/ws/orders?user_id={user}");
    let opened = client_async_with_config(&url, stream, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(|source| WatchError::Open { url, source: Box::new(source) })
}
