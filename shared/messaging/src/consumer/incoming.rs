//! A delivery as it came, and what it turns out to be.

use super::handler::Meta;
use super::subscriptions::{Deed, Subscriptions};
use event::envelope::Envelope;
use serde_json::value::RawValue;
use trace::TraceContext;
use uuid::Uuid;

/// An event that was understood.
pub(crate) struct Incoming {
    pub(crate) meta: Meta,
    pub(crate) wire_type: String,
    pub(crate) traceparent: Option<String>,
    pub(crate) deed: Box<dyn Deed>,
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
        let Some(subscription) = subscriptions.find(&envelope.wire_type) else {
            return Err(Unreadable::Unknown(envelope.wire_type));
        };
        if envelope.id.0.get_version_num() != 7 {
            return Err(Unreadable::Id(envelope.id.0));
        }
        let deed = subscription
            .read(&envelope.data)
            .map_err(|source| Unreadable::Data { wire_type: envelope.wire_type.clone(), source })?;
        Ok(Self {
            meta: Meta {
                event_id: envelope.id,
                correlation_id: envelope.correlationid,
                occurred_at: envelope.time,
                traceparent: envelope.traceparent.clone(),
            },
            wire_type: envelope.wire_type,
            traceparent: envelope.traceparent,
            deed,
        })
    }

    /// One step further on the publisher's trace.
    pub(crate) fn trace(&self) -> TraceContext {
        TraceContext::continued(self.traceparent.as_deref())
    }
}
