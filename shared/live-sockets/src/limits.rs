//! Limits of the sockets of a hub.

use crate::budget::Rate;

/// What to do with updates that a client has not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queueing {
    /// Each update is sent. A socket with this many unsent updates is closed.
    Every(usize),
    /// Only the newest update of each item is sent: a slow client skips older ones.
    Newest,
}

/// Limits of the sockets of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest number of open sockets of a user, in this replica.
    pub per_user: u32,
    /// Largest number of open sockets of a key, in this replica.
    pub per_key: u32,
    /// What to do with updates that a client has not read yet.
    pub queueing: Queueing,
    /// Largest message from a client, in bytes. Clients have nothing to send but control frames.
    pub received_bytes_max: usize,
    /// Messages and control frames that a client may send.
    pub received_frames: Rate,
    /// Bytes that a client may send, with the heads of frames. It also limits frames that are parts of a message.
    pub received_bytes: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A browser opens one per tab, and at most a few hundred to a host.
            per_user: 64,
            per_key: u32::MAX,
            queueing: Queueing::Every(256),
            received_bytes_max: 16 * 1024,
            // An answer to a ping each 20 seconds, and pings of the client's own each second or so.
            received_frames: Rate { per_second: 10, burst: 200 },
            received_bytes: Rate { per_second: 1024, burst: 64 * 1024 },
        }
    }
}
