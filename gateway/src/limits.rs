//! All limits of the gateway, with the reason for each value.

use crate::config::Config;
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
    /// From the first to the last byte of a request's body: a photo over a slow mobile connection.
    pub upload: Duration,
    /// The same for the small bodies of all other routes.
    pub small_upload: Duration,
    /// Between two pieces of a response body.
    pub download_pause: Duration,
    /// Idle connections to services are closed after this time: well before the service closes them (15 s, the header
    /// timeout of the server), because a request would race with that.
    pub idle: Duration,
    /// Largest body, in bytes, of the few routes that need it, except photos.
    pub body_bytes: u64,
    /// Largest body of all other routes, in bytes.
    pub small_body_bytes: u64,
    /// Largest body with a password or a token, in bytes: the longest password, each character written as an escape.
    pub password_bytes: u64,
    /// Largest multipart body, in bytes: a photo of 10 MB, whose size ocr-service checks, and the multipart framing.
    pub multipart_bytes: u64,
    /// Open tunnels. Each uses two file descriptors and 4 KB. Fewer if the process may open few files.
    pub tunnels: usize,
    /// Open connections of clients, without tunnels. A request uses a second descriptor. Fewer if the process may open
    /// few files.
    pub connections: usize,
    /// Open connections of one address: an office of a hundred browsers, six connections each. A proxy in front that is
    /// trusted has as many as it likes.
    pub connections_per_address: usize,
    /// Bodies that one user sends at the same time.
    pub uploads_per_user: usize,
    /// Bodies that arrive from one address at the same time; most arrive at once.
    pub uploads_per_address: usize,
    /// Photos of one user that are sent or read at the same time.
    pub photos_per_user: usize,
    /// Photos from one address that are sent or read at the same time.
    pub photos_per_address: usize,
    /// Open tunnels of one user: every open page has one or two, on a few devices.
    pub tunnels_per_user: usize,
    /// Open tunnels of one address, guests included: people in one house or office share one. Neither limit applies in
    /// development, where everyone has the same address.
    pub tunnels_per_address: usize,
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
            small_upload: Duration::from_secs(10),
            download_pause: Duration::from_mins(1),
            idle: Duration::from_secs(10),
            body_bytes: http_api::body::JSON_BODY_BYTES_MAX as u64,
            small_body_bytes: 16 * 1024,
            password_bytes: 4 * 1024,
            multipart_bytes: 10 * 1024 * 1024 + 64 * 1024,
            tunnels: 10_000,
            connections: 20_000,
            connections_per_address: 1_000,
            uploads_per_user: 16,
            uploads_per_address: 64,
            photos_per_user: 4,
            photos_per_address: 8,
            tunnels_per_user: 64,
            tunnels_per_address: 256,
            keepalive: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The default limits, with those of the configuration.
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            tunnels_per_user: config.sockets_per_user.count(),
            tunnels_per_address: config.sockets_per_address.count(),
            connections_per_address: config.connections_per_address.count(),
            ..Self::default()
        }
    }

    /// The same within `open_files`, the number of files that the process may have open: half of them at most for
    /// tunnels, and the rest for ordinary requests, so that neither takes the last one from the other.
    pub(crate) fn within(self, open_files: usize) -> Self {
        // Two descriptors each. What is left, a tenth, is for services, Redis and the program itself.
        let (tunnels, connections) = (self.tunnels.min(open_files / 4), self.connections.min(open_files / 5));
        Self {
            tunnels,
            connections,
            tunnels_per_address: self.tunnels_per_address.min(tunnels.div_ceil(4)),
            connections_per_address: self.connections_per_address.min(connections.div_ceil(4)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_never_take_the_descriptors_of_requests_and_one_address_never_takes_all() {
        for open_files in [256, 1024, 20_000, 1_048_576] {
            let limits = Limits::default().within(open_files);
            assert!(2 * (limits.tunnels + limits.connections) <= open_files * 9 / 10, "{open_files}");
            assert!(4 * limits.tunnels_per_address <= limits.tunnels + 3, "{open_files}");
            assert!(4 * limits.connections_per_address <= limits.connections + 3, "{open_files}");
        }
        let many = Limits::default().within(1_048_576);
        assert_eq!((many.tunnels, many.connections, many.tunnels_per_address), (10_000, 20_000, 256));
    }
}
