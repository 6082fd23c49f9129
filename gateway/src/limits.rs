//! All limits of the gateway, with the reason for each value.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Limits of requests and tunnels; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Threads that serve connections: one per processor.
    pub workers: NonZeroUsize,
    /// To open a connection to a service. Services are close, so a second means that none is listening.
    pub connect: Duration,
    /// From the end of the request to the head of the response.
    pub response_header: Duration,
    /// The same for reading a photo: a full queue of photos ahead, each of which may take a minute.
    pub ocr_response_header: Duration,
    /// From the first to the last byte of a request's body.
    pub upload: Duration,
    /// Between two pieces of a response body.
    pub download_pause: Duration,
    /// Idle connections to services are closed after this time: well before the service closes them (15 s, the header
    /// timeout of the chassis), because a request would race with that.
    pub idle: Duration,
    /// Largest body, in bytes, unless it is multipart.
    pub body_bytes: u64,
    /// Largest multipart body, in bytes: a photo of 10 MB, whose size ocr-service checks, and the multipart framing.
    pub multipart_bytes: u64,
    /// Open tunnels. Each uses two file descriptors and 4 KB.
    pub tunnels: usize,
    /// Idle time of a TCP connection before the kernel probes the peer.
    pub keepalive: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            workers: http_server::thread_per_core::one_per_processor(),
            connect: Duration::from_secs(1),
            response_header: Duration::from_secs(15),
            ocr_response_header: Duration::from_mins(3),
            upload: Duration::from_mins(1),
            download_pause: Duration::from_mins(1),
            idle: Duration::from_secs(10),
            body_bytes: http_api::body::JSON_BODY_BYTES_MAX as u64,
            multipart_bytes: 10 * 1024 * 1024 + 64 * 1024,
            tunnels: 10_000,
            keepalive: Duration::from_secs(30),
        }
    }
}
