//! Messages to the sockets, and notifications between replicas.

use crate::domain::split::Split;
use crate::wire::cheque_json::ChequeJson;
use crate::wire::split_json::SplitJson;
use contracts::ids::ChequeHash;
use live_sockets::Update;
use serde::{Deserialize, Serialize};
use trace::TraceContext;
use tracing::warn;

/// Whether a message is a snapshot or a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The state when the socket opens.
    Snapshot,
    /// The state after a change.
    Update,
}

/// A WebSocket message: always the whole state. Clients ignore a message whose version is not greater than the version
/// they already have.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct LiveMessage {
    /// Snapshot or update.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Incremented by each change.
    pub version: i64,
    /// The key of the share link.
    pub hash: ChequeHash,
    /// The shared cheque.
    pub cheque: ChequeJson,
    /// How it is shared.
    pub split: SplitJson,
}

/// A change notification to the other replicas, which then read the state themselves.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReplicaNotification {
    pub(super) hash: ChequeHash,
    pub(super) version: i64,
    /// The trace context of the change. Replicas of the previous release do not send it.
    #[serde(default)]
    pub(super) traceparent: Option<String>,
}

/// Serialises the state once for all sockets. `context` is the trace context of the change.
pub(super) fn update(kind: Kind, split: &Split, context: Option<TraceContext>) -> Option<Update<()>> {
    let (hash, cheque) = (split.hash.clone(), ChequeJson::of(split));
    let message = LiveMessage { kind, version: split.version, hash, cheque, split: SplitJson::of(split) };
    // Serialising strings and numbers cannot fail.
    let text = serde_json::to_string(&message)
        .inspect_err(|failure| warn!(error = %failure, "a live message could not be serialised"));
    Some(Update { item: (), version: split.version, text: text.ok()?.into(), context })
}
