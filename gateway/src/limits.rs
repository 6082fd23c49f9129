//! How long and how much: every limit of the gateway, with how it was chosen.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Limits of requests and tunnels; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads that serve connections: as many as there are processors.
    pub workers: NonZeroUsize,
    /// To open a connection to a service: they are near, so a second means that nobody is there.
    pub connect: Duration,
    /// From the end of the request to the head of the answer.
    pub head: Duration,
    /// The same where a photo is read: a full queue of photos ahead, each of which may take a minute.
    pub reading_head: Duration,
    /// From the first to the last byte of a request's body.
    pub upload: Duration,
    /// Between two pieces of an answer's body.
    pub download_pause: Duration,
    /// Idle connections to services are dropped after this: well before the service does so
    /// (15 s, the header timeout of the chassis), or requests would race with its close.
    pub idle: Duration,
    /// Largest body, in bytes, unless it is multipart.
    pub body_bytes: u64,
    /// Largest multipart body, in bytes: a photo of 10 MB, which ocr-service measures itself, and what is around it.
    pub multipart_bytes: u64,
    /// Open tunnels. Each holds two file descriptors, and 4 KB.
    pub tunnels: usize,
    /// Silence on a TCP connection before the kernel asks whether the peer is still there.
    pub keepalive: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: chassis::workers::as_many_as_processors(),
            connect: Duration::from_secs(1),
            head: Duration::from_secs(15),
            reading_head: Duration::from_mins(3),
            upload: Duration::from_mins(1),
            download_pause: Duration::from_mins(1),
            idle: Duration::from_secs(10),
            body_bytes: chassis::body::JSON_BODY_BYTES_MAX as u64,
            multipart_bytes: 10 * 1024 * 1024 + 64 * 1024,
            tunnels: 10_000,
            keepalive: Duration::from_secs(30),
        }
    }
}
