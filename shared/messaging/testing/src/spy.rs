//! Observes every message that is published in the virtual host. It adds no bindings, so an unroutable event is
//! returned as usual.
//!
//! It reads RabbitMQ's firehose, which reports each message with the queues that it was routed to. Source: RabbitMQ
//! documentation, "Firehose Tracer".

use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
use rabbit_outbox_event::{Envelope, EventId};
use serde_json::value::RawValue;
use std::sync::{Arc, Mutex, PoisonError};

const FIREHOSE: &str = "amq.rabbitmq.trace";
const QUEUE: &str = "messaging-testing.spy";

/// A published event.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// The exchange.
    pub(crate) exchange: String,
    pub(crate) event_id: EventId,
    pub(crate) wire_type: String,
    pub(crate) key: String,
    pub(crate) sequence: i64,
    /// The event's data, as JSON.
    pub(crate) data: String,
    /// Whether it was routed to a queue.
    pub(crate) routed: bool,
}

/// The events published so far, oldest first.
#[derive(Clone, Default)]
pub(crate) struct PublishedLog(Arc<Mutex<Vec<Published>>>);

impl PublishedLog {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn note(&self, published: Option<Published>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(published);
    }
}

/// Records published events, in order.
pub(crate) struct Spy {
    published_log: PublishedLog,
    channel: Channel,
    _connection: Connection,
}

impl Spy {
    /// Starts observing; events published before are not recorded.
    pub(crate) async fn at(amqp_url: &str) -> Result<Self, lapin::Error> {
        let connection = Connection::connect(amqp_url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let options = QueueDeclareOptions { exclusive: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(QUEUE.into(), options, FieldTable::default()).await?;
        let everywhere = QueueBindOptions::default();
        channel
            .queue_bind(QUEUE.into(), FIREHOSE.into(), "publish.#".into(), everywhere, FieldTable::default())
            .await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let mut firehose = channel.basic_consume(QUEUE.into(), QUEUE.into(), options, FieldTable::default()).await?;
        let published_log = PublishedLog::default();
        let notes = published_log.clone();
        tokio::spawn(async move {
            while let Some(Ok(delivery)) = firehose.next().await {
                notes.note(Published::read(&delivery));
            }
        });
        Ok(Self { published_log, channel, _connection: connection })
    }

    /// Declares the exchange of a service as the service would, so that others can bind to it before it runs.
    pub(crate) async fn declare_exchange(&self, service: &str) -> Result<(), lapin::Error> {
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        self.channel.exchange_declare(service.into(), ExchangeKind::Topic, durable, FieldTable::default()).await
    }

    /// The events published so far, oldest first.
    pub(crate) fn published(&self) -> Vec<Published> {
        self.published_log.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, as a shared handle.
    pub(crate) fn published_log(&self) -> PublishedLog {
        self.published_log.clone()
    }
}

impl Published {
    /// Parses a firehose message; `None` for messages that are not events, and for those on a retry ladder.
    fn read(delivery: &Delivery) -> Option<Self> {
        let exchange = delivery.routing_key.as_str().strip_prefix("publish.")?;
        let envelope: Envelope<Box<RawValue>> = serde_json::from_slice(&delivery.data).ok()?;
        if rabbit_outbox_event::producer(&envelope.wire_type) != exchange {
            return None;
        }
        let headers = delivery.properties.headers().as_ref()?;
        let routed = match headers.inner().get("routed_queues") {
            Some(AMQPValue::FieldArray(queues)) => !queues.as_slice().is_empty(),
            _ => false,
        };
        Some(Self {
            exchange: exchange.to_owned(),
            event_id: envelope.id,
            sequence: envelope.sequence.parse().ok()?,
            wire_type: envelope.wire_type,
            key: envelope.partitionkey,
            data: envelope.data.get().to_owned(),
            routed,
        })
    }
}
