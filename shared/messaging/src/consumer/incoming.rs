//! A delivery as it came, and what it turns out to be.

use super::handler::Meta;
use super::subscription::{Erased, Subscription};
use super::subscriptions::Subscriptions;
use rabbit_outbox_event::envelope::Envelope;
use serde_json::value::RawValue;
use std::sync::Arc;
use trace::TraceContext;
use uuid::Uuid;

/// An event that was understood.
pub(crate) struct Incoming {
    pub(crate) meta: Meta,
    pub(crate) wire_type: String,
    pub(crate) event: Erased,
    pub(crate) subscription: Arc<dyn Subscription>,
    /// The wire type that the subscription is to: another one than the event's own if that is a former version.
    pub(crate) handled_as: &'static str,
}

/// Why a delivery can't be understood, now or ever.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the body is not an event in a CloudEvents envelope")]
    Envelope(#[source] serde_json::Error),
    #[error("nobody here handles events of type `{0}`")]
    Unknown(String),
    #[error("the fields of `{wire_type}` are wrong")]
    Data { wire_type: String, source: serde_json::Error },
    #[error("the event id {0} is not a UUID of version 7, so it can't be found in the inbox")]
    Id(Uuid),
}

impl Incoming {
    /// Reads a delivery's body.
    pub(crate) fn read(body: &[u8], subscriptions: &Subscriptions) -> Result<Self, Unreadable> {
        let envelope: Envelope<Box<RawValue>> = serde_json::from_slice(body).map_err(Unreadable::Envelope)?;
        let Some(entry) = subscriptions.find(&envelope.wire_type) else {
            return Err(Unreadable::Unknown(envelope.wire_type));
        };
        if envelope.id.0.get_version_num() != 7 {
            return Err(Unreadable::Id(envelope.id.0));
        }
        let meta = Meta {
            event_id: envelope.id,
            correlation_id: envelope.correlationid,
            occurred_at: envelope.time,
            handling: TraceContext::continued(envelope.traceparent.as_deref()),
            traceparent: envelope.traceparent,
        };
        let event = (entry.read)(&envelope.data, meta.clone())
            .map_err(|source| Unreadable::Data { wire_type: envelope.wire_type.clone(), source })?;
        let (subscription, handled_as) = (Arc::clone(&entry.subscription), entry.handled_as);
        Ok(Self { meta, wire_type: envelope.wire_type, event, subscription, handled_as })
    }

    /// Where among a batch it is handled: one by one in the order of their locks, then the sets, each together.
    pub(crate) fn rank(&self) -> (Option<&'static str>, i64) {
        let set = self.subscription.takes_sets().then_some(self.handled_as);
        (set, self.subscription.lock_key(&self.event))
    }

    /// Whether the handler takes both at once.
    pub(crate) fn goes_with(&self, other: &Self) -> bool {
        self.subscription.takes_sets() && self.handled_as == other.handled_as
    }
}
