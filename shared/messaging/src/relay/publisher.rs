//! Publishing on one channel in confirm mode, persistent and mandatory.

use super::error::RelayError;
use super::row::Row;
use super::verdict::Returned;
use crate::broker::Link;
use crate::topology::Topology;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::protocol::AMQPErrorKind;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{BasicProperties, Channel, Confirmation, ErrorKind, ExchangeKind, PublisherConfirm};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// AMQP's delivery mode for messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;
/// How long a missing exchange is assumed to be missing, without another check.
const MISSING_FOR: Duration = Duration::from_secs(1);

/// A channel that is known to be in confirm mode: there is no other way to construct it.
pub(crate) struct Publisher {
    channel: Channel,
    link: Link,
    service: String,
    template: BasicProperties,
    /// Exchanges that exist: publishing to a missing one would close the channel, and lose the confirms of all messages
    /// on it.
    known: HashSet<String>,
    missing: HashMap<String, Instant>,
}

impl Publisher {
    /// Opens a channel, declares the service's exchange, and asks for confirms.
    pub(crate) async fn open(link: &Link, service: &str) -> Result<Self, RelayError> {
        let template = BasicProperties::default().with_app_id(service.to_owned().into()).with_delivery_mode(PERSISTENT);
        Ok(Self {
            channel: open(link, service).await?,
            link: link.clone(),
            service: service.to_owned(),
            template,
            known: HashSet::new(),
            missing: HashMap::new(),
        })
    }

    /// Publishes a row; `None` if its exchange does not exist, or is longer than a name can be. This affects only this row.
    pub(crate) async fn publish(&mut self, row: &Row) -> Result<Option<PublisherConfirm>, RelayError> {
        if row.route.is_too_long() {
            return Ok(None);
        }
        if !self.is_known(row) {
            self.look_for_exchange(row).await?;
            if !self.is_known(row) {
                return Ok(None);
            }
        }
        self.publish_one(row).await.map(Some).map_err(RelayError::Publish)
    }

    /// Resolves when the broker has received everything that was published before on this channel, confirmed or not: a
    /// channel processes methods in order.
    pub(crate) fn ask(&self) -> BoxFuture<'static, Result<(), RelayError>> {
        let channel = self.channel.clone();
        // Nothing is consumed on this channel, so the limit has no effect. Source: AMQP 0-9-1, basic.qos.
        async move { channel.basic_qos(0, BasicQosOptions::default()).await.map_err(RelayError::Publish) }.boxed()
    }

    /// The connection.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    /// Opens another channel and clears the list of known exchanges.
    pub(crate) async fn reopen(&mut self) -> Result<(), RelayError> {
        self.channel = open(&self.link, &self.service).await?;
        self.known.clear();
        self.missing.clear();
        Ok(())
    }

    async fn publish_one(&self, row: &Row) -> Result<PublisherConfirm, lapin::Error> {
        let mut headers = FieldTable::default();
        for (name, value) in row.headers.iter().flat_map(|headers| headers.iter()) {
            headers.insert(short(name), AMQPValue::LongString(value.as_str().into()));
        }
        // The prefixed header is this crate's; the other is for consumers of the previous release.
        headers.insert("outbox-sequence".into(), AMQPValue::LongLongInt(row.sequence));
        headers.insert("sequence".into(), AMQPValue::LongLongInt(row.sequence));
        if let Some(traceparent) = &row.traceparent {
            headers.insert("traceparent".into(), AMQPValue::LongString(traceparent.as_str().into()));
        }
        let properties = self
            .template
            .clone()
            .with_message_id(row.event_id.to_string().into())
            .with_type(short(row.event_type()))
            .with_content_type(short(&row.content_type))
            .with_correlation_id(row.correlation_id.to_string().into())
            .with_timestamp(row.occurred_at.unix_timestamp().unsigned_abs())
            .with_headers(headers);
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (exchange, routing_key) = (row.route.exchange.as_str().into(), row.route.routing_key.as_str().into());
        self.channel.basic_publish(exchange, routing_key, options, &row.payload, properties).await
    }

    /// Checks whether an exchange exists that was not used before: on a separate channel, because the broker closes it
    /// if not.
    async fn look_for_exchange(&mut self, row: &Row) -> Result<(), RelayError> {
        let exchange = &row.route.exchange;
        if self.missing.get(exchange).is_some_and(|since| since.elapsed() < MISSING_FOR) {
            return Ok(());
        }
        let channel = self.link.channel().await.map_err(RelayError::Broker)?;
        let options = ExchangeDeclareOptions { passive: true, ..ExchangeDeclareOptions::default() };
        let asked = channel
            .exchange_declare(exchange.as_str().into(), ExchangeKind::Topic, options, FieldTable::default())
            .await;
        match asked {
            Ok(()) => drop(self.known.insert(exchange.clone())),
            Err(failure) if objection(&failure).is_some() => {
                self.missing.insert(exchange.clone(), Instant::now());
            }
            Err(failure) => return Err(RelayError::Publish(failure)),
        }
        Ok(())
    }

    /// The default exchange always exists, and can't be checked.
    fn is_known(&self, row: &Row) -> bool {
        row.route.exchange.is_empty() || self.known.contains(&row.route.exchange)
    }
}

async fn open(link: &Link, service: &str) -> Result<Channel, RelayError> {
    let channel = link.channel().await.map_err(RelayError::Broker)?;
    // The consumer, if there is one, declares the rest.
    Topology::publishing(service).declare(&channel).await.map_err(RelayError::Publish)?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(RelayError::Publish)?;
    Ok(channel)
}

/// Cuts a text to the maximum of a short string, 255 bytes: the type of a dead letter may be any text, and is replayed.
fn short(text: &str) -> ShortString {
    let mut end = text.len().min(255);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].into()
}

/// The broker's objection to a message, if that is why it closed the channel; the connection stays open.
///
/// Source: AMQP 0-9-1, reply codes. A soft error closes only the channel: 403, 404, and 406 for an unacceptable
/// message.
pub(crate) fn objection(failure: &lapin::Error) -> Option<String> {
    match failure.kind() {
        ErrorKind::ProtocolError(error) if matches!(error.kind(), AMQPErrorKind::Soft(_)) => Some(error.to_string()),
        _ => None,
    }
}

/// Whether the objection is to the destination: the exchange does not exist, or the user may not publish to it.
pub(crate) fn is_about_route(failure: &lapin::Error) -> bool {
    matches!(failure.kind(), ErrorKind::ProtocolError(error) if matches!(error.get_id(), 403 | 404))
}

/// Whether the broker took responsibility, and the message that was attached to the confirm.
pub(crate) fn read(confirmation: Confirmation) -> Result<(bool, Option<Returned>), RelayError> {
    let acked = confirmation.is_ack();
    match confirmation {
        Confirmation::Ack(returned) | Confirmation::Nack(returned) => {
            Ok((acked, returned.map(|message| came_back(&message))))
        }
        Confirmation::NotRequested => Err(RelayError::Unconfirmed),
    }
}

fn came_back(message: &BasicReturnMessage) -> Returned {
    let id = message.delivery.properties.message_id().as_ref();
    Returned {
        message_id: id.and_then(|id| id.as_str().parse().ok()),
        reason: format!("{} {}", message.reply_code, message.reply_text),
    }
}
