//! How a socket ends.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::stream::{OverBudget, SEND_TIMEOUT, Stream};
use futures_util::SinkExt;
use tracing::debug;

/// Time limit for the client to end the connection after the server has ended its side.
const LINGER: Duration = Duration::from_secs(1);
/// Number of bytes that are discarded meanwhile, at most.
const LINGER_BYTES_MAX: u64 = 1024 * 1024;

/// A close code and its reason, sent by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code. Source: RFC 6455, section 7.4.
    pub code: u16,
    /// A description for people.
    pub reason: &'static str,
}

impl Close {
    /// 1001: the client does not answer.
    pub(crate) const SILENT: Self = Self::new(1001, "no answer to pings");
    /// 1002.
    const VIOLATION: Self = Self::new(1002, "protocol error");
    /// 1007.
    const INVALID_TEXT: Self = Self::new(1007, "text is not UTF-8");
    /// 1008: the client sends more than it may.
    pub(crate) const TOO_MUCH: Self = Self::new(1008, "too much was sent");
    /// 1009.
    const TOO_LARGE: Self = Self::new(1009, "message is too large");
    /// 1012: the process stops.
    pub(crate) const RESTART: Self = Self::new(1012, "the service restarts");
    /// 1013: the client reads too slowly.
    pub(crate) const SLOW: Self = Self::new(1013, "too slow; connect again");
    /// 1013: the state could not be read.
    pub const TRY_AGAIN: Self = Self::new(1013, "try again soon");

    /// A close code and its reason, which must not be longer than 123 bytes.
    pub const fn new(code: u16, reason: &'static str) -> Self {
        Self { code, reason }
    }
}

/// Why a socket ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The connection is lost.
    Lost,
    /// The client sent a Close frame; the answer is queued.
    ByClient,
    /// The server closes it.
    ByServer(Close),
}

impl End {
    /// How to end a socket after a failure to receive.
    pub(crate) fn after(failure: &Error) -> Self {
        match failure {
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::Lost,
            Error::Protocol(_) => Self::ByServer(Close::VIOLATION),
            Error::Capacity(_) => Self::ByServer(Close::TOO_LARGE),
            Error::Utf8(_) => Self::ByServer(Close::INVALID_TEXT),
            Error::Io(why) if is_over_budget(why) => Self::ByServer(Close::TOO_MUCH),
            _ => Self::Lost,
        }
    }
}

fn is_over_budget(failure: &std::io::Error) -> bool {
    failure.get_ref().and_then(|why| why.downcast_ref::<OverBudget>()).is_some()
}

/// Sends the Close frame, then ends the connection.
pub(crate) async fn finish(mut socket: Stream, end: End) {
    let closing = match end {
        End::Lost => return,
        End::ByClient => tokio::time::timeout(SEND_TIMEOUT, socket.flush()).await,
        End::ByServer(Close { code, reason }) => {
            debug!(code, reason, "socket closed by the server");
            let frame = CloseFrame { code: code.into(), reason: reason.into() };
            tokio::time::timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(frame)))).await
        }
    };
    // The client may already have disconnected.
    if matches!(closing, Ok(Ok(()))) {
        let _ = tokio::time::timeout(LINGER, discard(socket)).await;
    }
}

/// Ends the sending side, and reads until the client ends its own. A connection that is closed while received bytes are
/// unread is reset, and the client could lose the Close frame.
async fn discard(mut socket: Stream) -> std::io::Result<()> {
    let connection = socket.get_mut();
    connection.stop_counting();
    connection.shutdown().await?;
    tokio::io::copy(&mut connection.take(LINGER_BYTES_MAX), &mut tokio::io::sink()).await.map(drop)
}
