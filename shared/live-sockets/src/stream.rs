//! The connection of a socket.

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio_tungstenite::WebSocketStream;

/// Time limit for sending one message.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// A WebSocket on a connection of the server.
pub(crate) type Stream = WebSocketStream<TokioIo<Upgraded>>;
