//! What a client watches.

use crate::close::Close;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use trace::TraceContext;

/// What a client watches: a key, and how to read its state.
pub trait Feed: Send + Sync + 'static {
    /// Changes are pushed to all sockets with this key.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What has a version of its own below the key; `()` if the key itself has it.
    type Item: Clone + Debug + Eq + Hash + Send + Sync + 'static;

    /// The key.
    fn key(&self) -> &Self::Key;

    /// If set, the client gets only the changes of this item.
    fn only(&self) -> Option<&Self::Item> {
        None
    }

    /// The user whose open sockets are counted; `None` for an anonymous client.
    fn user_id(&self) -> Option<i64> {
        None
    }

    /// Reads the state: not from a database replica, which may lag behind an update that was pushed before the socket
    /// subscribed. Messages are sent in this order.
    ///
    /// # Errors
    /// How to close the socket when the state cannot be read, or there is none.
    fn snapshot(&self) -> impl Future<Output = Result<Vec<Update<Self::Item>>, Close>> + Send;
}

/// A message, serialised once for all its recipients.
#[derive(Clone, Debug)]
pub struct Update<I> {
    /// What changed.
    pub item: I,
    /// Grows with each change of the item.
    pub version: i64,
    /// The text message.
    pub text: Utf8Bytes,
    /// The trace context of the change; `None` for a snapshot.
    pub context: Option<TraceContext>,
}
