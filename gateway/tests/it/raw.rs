//! A client that sends arbitrary bytes.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection to the gateway.
pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    /// Connects and sends.
    pub(crate) async fn sending(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        Self { stream, received: vec![] }
    }

    /// Sends more.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Reads the head of the next response: in lower case, without the empty line.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = self.received.drain(..end + 4).collect::<Vec<u8>>();
                return String::from_utf8(head).unwrap().trim_end().to_ascii_lowercase();
            }
            assert!(self.more().await, "closed before a response: {:?}", String::from_utf8_lossy(&self.received));
        }
    }

    /// Reads the next response, with its body of known length, and returns its status.
    pub(crate) async fn status(&mut self) -> u16 {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        self.exactly(length.map_or(0, |length| length.parse().unwrap())).await;
        head[9..12].parse().unwrap()
    }

    /// Reads exactly this many bytes.
    pub(crate) async fn exactly(&mut self, count: usize) -> Vec<u8> {
        while self.received.len() < count {
            assert!(self.more().await, "closed after {} of {count} bytes", self.received.len());
        }
        self.received.drain(..count).collect()
    }

    /// Reads until the gateway closes the connection.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.received)
    }

    async fn more(&mut self) -> bool {
        // A reset is also an end.
        self.stream.read_buf(&mut self.received).await.unwrap_or(0) > 0
    }
}
