//! A consumer and a publisher that do not use the crate: to check what arrives and in which order, and to publish
//! messages with any properties.

use futures_util::StreamExt;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ExchangeKind};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use testkit::TestBroker;
use uuid::Uuid;

/// A message that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) message_id: String,
    /// The AMQP type.
    pub(crate) wire_type: String,
    /// The header of that name.
    pub(crate) sequence: i64,
    pub(crate) at: Instant,
}

/// Consumes everything that arrives in its own queue.
pub(crate) struct BareConsumer {
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    channel: Channel,
    _connection: Connection,
}

const QUEUE: &str = "bare_consumer";

impl BareConsumer {
    /// Declares the exchange, as its service would, and the queue, and consumes.
    pub(crate) async fn at(broker: &TestBroker, exchange: &str, keys: &[&str]) -> Self {
        let connection = Connection::connect(broker.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        // A service's own exchange is a topic; `<service>.return` is direct.
        let kind = if exchange.contains('.') { ExchangeKind::Direct } else { ExchangeKind::Topic };
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(exchange.into(), kind, durable, FieldTable::default()).await.unwrap();
        let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(QUEUE.into(), durable, FieldTable::default()).await.unwrap();
        let bare_consumer = Self { arrivals: Arc::default(), channel, _connection: connection };
        for key in keys {
            bare_consumer.listen_to(exchange, key).await;
        }
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let consume = bare_consumer.channel.basic_consume(QUEUE.into(), QUEUE.into(), options, FieldTable::default());
        let mut deliveries = consume.await.unwrap();
        let arrivals = Arc::clone(&bare_consumer.arrivals);
        tokio::spawn(async move {
            while let Some(Ok(delivery)) = deliveries.next().await {
                let properties = &delivery.properties;
                let sequence = properties.headers().as_ref().and_then(|headers| headers.inner().get("sequence"));
                let Some(AMQPValue::LongLongInt(sequence)) = sequence else { panic!("a message without a sequence") };
                let text = |value: &Option<lapin::types::ShortString>| {
                    value.as_ref().map(|value| value.as_str().to_owned()).unwrap_or_default()
                };
                arrivals.lock().unwrap().push(Arrival {
                    message_id: text(properties.message_id()),
                    wire_type: text(properties.kind()),
                    sequence: *sequence,
                    at: Instant::now(),
                });
            }
        });
        bare_consumer
    }

    /// Binds one more routing key.
    pub(crate) async fn listen_to(&self, exchange: &str, key: &str) {
        self.channel
            .queue_bind(QUEUE.into(), exchange.into(), key.into(), QueueBindOptions::default(), FieldTable::default())
            .await
            .unwrap();
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }

    /// The distinct sequences that arrived.
    pub(crate) fn sequences(&self) -> BTreeSet<i64> {
        self.arrivals.lock().unwrap().iter().map(|arrival| arrival.sequence).collect()
    }

    /// The number of distinct messages that arrived.
    pub(crate) fn count(&self) -> usize {
        let arrivals = self.arrivals.lock().unwrap();
        arrivals.iter().map(|arrival| arrival.message_id.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// When each sequence first arrived.
    pub(crate) fn first_arrivals(&self) -> BTreeMap<i64, Instant> {
        let mut first = BTreeMap::new();
        for arrival in self.arrivals.lock().unwrap().iter() {
            first.entry(arrival.sequence).or_insert(arrival.at);
        }
        first
    }
}

/// Publishes with any properties, and counts waiting messages.
pub(crate) struct BarePublisher {
    channel: Channel,
    _connection: Connection,
}

impl BarePublisher {
    pub(crate) async fn at(broker: &TestBroker) -> Self {
        let connection = Connection::connect(broker.url(), ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
        Self { channel, _connection: connection }
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Publishes, and waits for the confirm.
    pub(crate) async fn publish(&self, exchange: &str, key: &str, properties: BasicProperties, body: &[u8]) {
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let publishing = self.channel.basic_publish(exchange.into(), key.into(), options, body, properties);
        let confirmation = publishing.await.unwrap().await.unwrap();
        assert!(matches!(confirmation, lapin::Confirmation::Ack(None)), "{confirmation:?}");
    }

    /// Publishes the rows of an outbox as a relay would, and leaves them there, as a crashed relay would.
    pub(crate) async fn relay(&self, pool: &PgPool) {
        type Row = (String, String, Uuid, Option<String>, Vec<u8>);
        let rows: Vec<Row> =
            sqlx::query_as("select exchange, routing_key, event_id, headers::text, payload from outbox order by id")
                .fetch_all(pool)
                .await
                .unwrap();
        for (exchange, key, id, headers, payload) in rows {
            let headers: BTreeMap<String, String> = serde_json::from_str(headers.as_deref().unwrap_or("{}")).unwrap();
            let mut table = FieldTable::default();
            for (name, value) in headers {
                table.insert(name.into(), AMQPValue::LongString(value.into()));
            }
            let properties = BasicProperties::default().with_headers(table).with_message_id(id.to_string().into());
            self.publish(&exchange, &key, properties, &payload).await;
        }
    }

    /// How many messages of a queue are ready: not delivered to a consumer.
    pub(crate) async fn ready(&self, queue: &str) -> u32 {
        let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        self.channel.queue_declare(queue.into(), passive, FieldTable::default()).await.unwrap().message_count()
    }
}
