//! What sockets are told, and what replicas tell each other.

use crate::domain::split::Split;
use crate::wire::split_json::SplitJson;
use axum::extract::ws::Utf8Bytes;
use contracts::cheque::Cheque;
use contracts::ids::ChequeHash;
use serde::{Deserialize, Serialize};
use tracing::warn;

/// Whether a message tells the state on arrival or a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The state when the socket opened.
    Snapshot,
    /// The state after a change.
    Update,
}

/// A message on a socket: always the whole state. A client drops one whose version is not greater than what it has.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LiveMessage {
    /// Snapshot or update.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Grows by one with each change.
    pub version: i64,
    /// The key of the share link.
    pub hash: ChequeHash,
    /// What is shared.
    pub cheque: Cheque,
    /// How it is shared.
    pub split: SplitJson,
}

/// A change on its way to another replica, which reads the state itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Hint {
    pub(super) hash: ChequeHash,
    pub(super) version: i64,
    /// The trace context of the change. Replicas of the release before do not say it.
    #[serde(default)]
    pub(super) traceparent: Option<String>,
}

/// The state as it goes over the sockets, written once for all of them.
pub(super) fn text(kind: Kind, split: &Split) -> Utf8Bytes {
    let (hash, cheque) = (split.hash.clone(), split.cheque.clone());
    let message = LiveMessage { kind, version: split.version, hash, cheque, split: SplitJson::of(split) };
    match serde_json::to_string(&message) {
        Ok(text) => text.into(),
        Err(failure) => {
            // Strings and numbers can't fail to serialise; a client drops what it can't read.
            warn!(error = %failure, "write a live message");
            Utf8Bytes::default()
        }
    }
}
