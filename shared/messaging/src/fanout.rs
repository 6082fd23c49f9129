//! Notifications between the replicas of a service: transient, unconfirmed, and harmless to lose.
//!
//! A replica pushes what it commits to its own sockets directly; the other replicas learn of it through these
//! notifications. They are not domain events and never use the outbox: without a listener they would come back as
//! undeliverable.

use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::causes::chain;
use crate::metrics_help;
use futures_util::StreamExt;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ExchangeKind};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use uuid::Uuid;

/// Capacity of the queue of notifications to send; further ones are dropped.
const WAITING_MAX: usize = 4096;

/// Maximum number of notifications per message. Only those already queued are combined; none waits for more.
const TOGETHER_MAX: usize = 256;

/// Why notifications don't flow at the moment.
#[derive(Debug, thiserror::Error)]
enum FanoutError {
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    #[error("use the channel")]
    Channel(#[source] lapin::Error),
    #[error("the broker ended the subscription")]
    Cancelled,
}

/// What a replica receives.
pub enum Notification<'a> {
    /// A notification of another replica.
    Hint(&'a [u8]),
    /// The subscription works (again): notifications from before may be missing.
    Subscribed,
}

/// The former name of [`Notification`].
#[deprecated(since = "0.2.0", note = "renamed to `Notification`")]
pub type Heard<'a> = Notification<'a>;

/// Sends notifications; cheap to clone.
#[derive(Clone)]
pub struct Fanout {
    notifications: mpsc::Sender<Vec<u8>>,
}

/// The two tasks behind a [`Fanout`].
pub struct FanoutTasks {
    exchange: Arc<str>,
    replica: Uuid,
    publish: Link,
    consume: Link,
    notifications: mpsc::Receiver<Vec<u8>>,
}

impl Fanout {
    pub(crate) fn new(exchange: String, publish: Link, consume: Link) -> (Self, FanoutTasks) {
        let (sender, notifications) = mpsc::channel(WAITING_MAX);
        let tasks = FanoutTasks { exchange: exchange.into(), replica: Uuid::now_v7(), publish, consume, notifications };
        (Self { notifications: sender }, tasks)
    }

    /// Notifies the other replicas, if possible.
    pub fn notify(&self, notification: Vec<u8>) {
        if self.notifications.try_send(notification).is_err() {
            metrics::counter!("messaging_hints_dropped_total").increment(1);
        }
    }

    /// The former name of [`Fanout::notify`].
    #[deprecated(since = "0.2.0", note = "renamed to `notify`")]
    pub fn tell(&self, notification: Vec<u8>) {
        self.notify(notification);
    }
}

impl FanoutTasks {
    /// Sends and receives notifications until `stopping`.
    ///
    /// # Errors
    /// None: it retries after every failure of the broker.
    pub async fn run(
        self,
        on_message: impl Fn(Notification<'_>) + Send + Sync,
        stopping: CancellationToken,
    ) -> Result<(), std::convert::Infallible> {
        metrics_help::describe();
        let Self { exchange, replica, publish, consume, mut notifications } = self;
        tokio::select! {
            () = send_forever(&exchange, replica, &publish, &mut notifications) => {}
            () = receive_forever(&exchange, replica, &consume, &on_message) => {}
            () = stopping.cancelled() => {}
        }
        Ok(())
    }
}

/// Sends until the sending side is dropped.
async fn send_forever(exchange: &str, replica: Uuid, link: &Link, notifications: &mut mpsc::Receiver<Vec<u8>>) {
    let mut backoff = Backoff::for_connections();
    while let Err(failure) = send(exchange, replica, link, notifications).await {
        pause("notifications are not sent", &failure, &mut backoff).await;
    }
}

async fn receive_forever(
    exchange: &str,
    replica: Uuid,
    link: &Link,
    on_message: &(impl Fn(Notification<'_>) + Send + Sync),
) {
    let mut backoff = Backoff::for_connections();
    while let Err(failure) = receive(exchange, replica, link, on_message, &mut backoff).await {
        pause("notifications are not received", &failure, &mut backoff).await;
    }
}

async fn pause(what: &str, failure: &FanoutError, backoff: &mut Backoff) {
    let wait = backoff.next();
    warn!(error = %chain(failure), wait_ms = wait.as_millis(), "{what}, retrying");
    tokio::time::sleep(wait).await;
}

async fn open(exchange: &str, link: &Link) -> Result<Channel, FanoutError> {
    let channel = link.channel().await.map_err(FanoutError::Broker)?;
    let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    channel
        .exchange_declare(exchange.into(), ExchangeKind::Fanout, options, FieldTable::default())
        .await
        .map_err(FanoutError::Channel)?;
    Ok(channel)
}

/// Sends until the channel breaks or the sending side is dropped.
async fn send(
    exchange: &str,
    replica: Uuid,
    link: &Link,
    notifications: &mut mpsc::Receiver<Vec<u8>>,
) -> Result<(), FanoutError> {
    let channel = open(exchange, link).await?;
    let properties = BasicProperties::default().with_app_id(replica.to_string().into());
    let mut waiting = Vec::new();
    while notifications.recv_many(&mut waiting, TOGETHER_MAX).await > 0 {
        let message = packed(&waiting);
        waiting.clear();
        channel
            .basic_publish(exchange.into(), "".into(), BasicPublishOptions::default(), &message, properties.clone())
            .await
            .map_err(FanoutError::Channel)?;
    }
    Ok(())
}

/// Packs notifications into one message: each with a length prefix of four bytes, big-endian.
fn packed(notifications: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::with_capacity(notifications.iter().map(|notification| notification.len() + 4).sum());
    for notification in notifications {
        let Ok(length) = u32::try_from(notification.len()) else { continue };
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(notification);
    }
    message
}

/// Unpacks the notifications of a message; reading stops at the first malformed one.
fn unpacked(mut message: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = message.split_first_chunk::<4>()?;
        let (notification, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        message = rest;
        Some(notification)
    })
}

/// Receives until the channel breaks.
async fn receive(
    exchange: &str,
    replica: Uuid,
    link: &Link,
    on_message: &(impl Fn(Notification<'_>) + Send + Sync),
    backoff: &mut Backoff,
) -> Result<(), FanoutError> {
    let channel = open(exchange, link).await?;
    let queue = format!("{exchange}.{replica}");
    let mut arguments = FieldTable::default();
    // Notifications older than a minute are useless.
    arguments.insert("x-message-ttl".into(), AMQPValue::LongInt(60_000));
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(queue.as_str().into(), options, arguments).await.map_err(FanoutError::Channel)?;
    channel
        .queue_bind(
            queue.as_str().into(),
            exchange.into(),
            "".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .map_err(FanoutError::Channel)?;
    let consume = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
    let mut deliveries = channel
        .basic_consume(queue.as_str().into(), queue.as_str().into(), consume, FieldTable::default())
        .await
        .map_err(FanoutError::Channel)?;
    info!(queue, "subscribed to notifications of other replicas");
    on_message(Notification::Subscribed);
    backoff.reset();
    let own = replica.to_string();
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery.map_err(FanoutError::Channel)?;
        if delivery.properties.app_id().as_ref().is_none_or(|sender| sender.as_str() != own) {
            unpacked(&delivery.data).for_each(|notification| on_message(Notification::Hint(notification)));
        }
    }
    Err(FanoutError::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_that_travel_together_arrive_as_they_were() {
        let notifications = [b"one".to_vec(), vec![], b"three".to_vec()];
        assert_eq!(unpacked(&packed(&notifications)).collect::<Vec<_>>(), notifications);
    }

    #[test]
    fn a_message_that_is_cut_off_gives_what_is_whole() {
        let message = packed(&[b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(unpacked(&message[..message.len() - 1]).collect::<Vec<_>>(), [b"one"]);
        assert_eq!(unpacked(b"{}").count(), 0);
    }
}
