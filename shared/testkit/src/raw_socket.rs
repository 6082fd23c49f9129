//! A WebSocket client that sends any bytes, also those that the protocol forbids.

use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest wait for the end of a connection.
const WAIT: Duration = Duration::from_secs(20);

/// How the server ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a Close frame, and its code if it has one.
    Closed(Option<u16>),
    /// Without a Close frame; browsers report code 1006.
    Dropped,
}

/// An open WebSocket whose frames are written by the test.
pub struct RawSocket {
    stream: TcpStream,
    received: Vec<u8>,
}

impl RawSocket {
    /// Opens `path` at `127.0.0.1:port` with the given headers.
    ///
    /// # Errors
    /// The HTTP status line and headers, if the server refuses the handshake.
    ///
    /// # Panics
    /// If the server does not answer.
    pub async fn open(port: u16, path: &str, headers: &[(&str, &str)]) -> Result<Self, String> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connect");
        let more: String = headers.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("send the handshake");
        let mut received = vec![];
        let end = loop {
            if let Some(end) = received.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            let read = tokio::time::timeout(WAIT, stream.read_buf(&mut received)).await.expect("an answer in time");
            assert_ne!(read.expect("read the answer"), 0, "the server closed the connection");
        };
        let head = String::from_utf8_lossy(&received[..end]).into_owned();
        received.drain(..end);
        if head.starts_with("HTTP/1.1 101 ") { Ok(Self { stream, received }) } else { Err(head) }
    }

    /// Sends a frame. `first` is its first byte: the bit FIN (`0x80`), the reserved bits and the opcode. The mask is
    /// zero, so the payload is sent as it is. Source: RFC 6455, section 5.2.
    ///
    /// # Panics
    /// If the payload has 64 KiB or more.
    pub async fn send(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first];
        match u16::try_from(payload.len()).expect("a small payload") {
            length @ 0..126 => frame.push(0x80 | u8::try_from(length).expect("below 126")),
            length => {
                frame.push(0xfe);
                frame.extend(length.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(payload);
        self.send_bytes(&frame).await;
    }

    /// Sends bytes as they are. A server that has already ended the connection is no failure.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// Skips frames until the server ends the connection.
    ///
    /// # Panics
    /// If it does not in time.
    pub async fn ended(&mut self) -> Ended {
        tokio::time::timeout(WAIT, self.read_until_end()).await.expect("an end in time")
    }

    async fn read_until_end(&mut self) -> Ended {
        loop {
            while let Some((opcode, payload)) = self.next_frame() {
                if opcode == 0x8 {
                    return Ended::Closed(payload.first_chunk().map(|code| u16::from_be_bytes(*code)));
                }
            }
            if !matches!(self.stream.read_buf(&mut self.received).await, Ok(1..)) {
                return Ended::Dropped;
            }
        }
    }

    /// The next complete frame of the server, which does not mask.
    fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.received.first()?, *self.received.get(1)?);
        let (start, length) = match second {
            126 => (4, usize::from(u16::from_be_bytes(*self.received.get(2..)?.first_chunk()?))),
            127 => (10, usize::try_from(u64::from_be_bytes(*self.received.get(2..)?.first_chunk()?)).ok()?),
            length => (2, usize::from(length)),
        };
        let payload = self.received.get(start..start + length)?.to_vec();
        self.received.drain(..start + length);
        Some((first & 0xf, payload))
    }
}
