//! Limits of the sockets of a hub.

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
    /// What to do with updates that a client has not read yet.
    pub queueing: Queueing,
    /// Largest message from a client, in bytes. Clients have nothing to send but control frames.
    pub received_bytes_max: usize,
    /// A message below this size is copied into a buffer of this size before it is written.
    pub write_buffer_bytes: usize,
    /// Largest number of bytes that are written but not sent; must be above the size of any message.
    pub write_buffer_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // A browser opens one per tab, and at most a few hundred to a host.
            per_user: 64,
            queueing: Queueing::Every(256),
            received_bytes_max: 16 * 1024,
            write_buffer_bytes: 2048,
            write_buffer_bytes_max: 64 * 1024,
        }
    }
}
