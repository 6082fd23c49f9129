//! How far the reading of a picture is, and why it ended without a result.

use super::protocol::Refusal;

/// The stage of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting; `position` 1 is next. `None` before it has entered the queue.
    Queued {
        /// Position in the queue.
        position: Option<u32>,
    },
    /// It is being read.
    Reading {
        /// The current step, from 1.
        step: u32,
        /// Number of steps, as far as known.
        steps: u32,
    },
    /// The picture was read.
    Read,
    /// The picture was not read.
    Refused,
}

/// Why a picture was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The picture is unsuitable.
    #[error("{0}")]
    Refused(Refusal),
    /// It crashed its worker, or exceeded the worker's limits.
    #[error("the picture could not be read: {why}")]
    Unreadable {
        /// What happened to the worker: for logs and tools.
        why: String,
    },
    /// The queue is full.
    #[error("too many pictures are queued")]
    QueueFull {
        /// Estimated time until there is space in the queue, in seconds.
        retry_after_secs: u32,
    },
    /// This user has more pictures in the queue than others, or as many as a user may have.
    #[error("too many pictures of this user are queued")]
    TooMany,
    /// No worker starts, or the process is stopping.
    #[error("reading is unavailable right now")]
    Unavailable,
}

impl ReadError {
    /// Whether a worker has spent time on the picture.
    pub(crate) fn has_cost(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Unreadable { .. } => true,
            Self::QueueFull { .. } | Self::TooMany | Self::Unavailable => false,
        }
    }
}
