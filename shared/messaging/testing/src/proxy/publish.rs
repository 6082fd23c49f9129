//! A message that a client has published through the proxy.

use std::collections::{BTreeMap, HashSet};

/// The properties of a message that a rule may match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The exchange; empty for the default one.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// The message id, if it has one.
    pub message_id: Option<String>,
    /// Size of its body in bytes.
    pub body_bytes: u64,
}

/// How many messages were published, and how many of them repeatedly.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    by_routing_key: BTreeMap<String, u64>,
    message_ids: HashSet<String>,
    repeated: u64,
}

impl Tally {
    pub(crate) fn note(&mut self, publish: &Publish) {
        *self.by_routing_key.entry(publish.routing_key.clone()).or_default() += 1;
        if let Some(id) = &publish.message_id
            && !self.message_ids.insert(id.clone())
        {
            self.repeated += 1;
        }
    }

    pub(crate) fn of(&self, routing_key: &str) -> u64 {
        self.by_routing_key.get(routing_key).copied().unwrap_or_default()
    }

    pub(crate) fn repeated(&self) -> u64 {
        self.repeated
    }
}
