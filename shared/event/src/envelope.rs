//! The envelope around every event: CloudEvents 1.0 as structured JSON.

use crate::EventId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Media type of an [`Envelope`] in JSON.
///
/// Source: CloudEvents 1.0.2, JSON format, section 3.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// The version of the CloudEvents specification that is written.
pub const SPEC_VERSION: &str = "1.0";

/// An event in transit: producer, type, subject and time, and the event itself as `data`.
///
/// Source: CloudEvents 1.0.2; extension attributes `sequence`, `partitionkey` and `traceparent` as in its documented
/// extensions; `correlationid` and `causationid` are our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Envelope<D> {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique per event; a repeated delivery carries the same id. UUID version 7.
    pub id: EventId,
    /// The producer: `/orders`.
    pub source: String,
    /// The wire type: `orders.OrderCreated.v1`.
    #[serde(rename = "type")]
    pub wire_type: String,
    /// The subject of the event, for instance the order's id.
    pub subject: String,
    /// When it happened, RFC 3339 in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub time: OffsetDateTime,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// The version of the subject after this event, counted from 1. A string, as the extension requires.
    pub sequence: String,
    /// Events with the same key are published in order.
    pub partitionkey: String,
    /// The first event of the causal chain; its own id if it started the chain.
    pub correlationid: EventId,
    /// The event whose handler published this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<EventId>,
    /// W3C trace context of the publisher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The event itself.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub data: D,
}
