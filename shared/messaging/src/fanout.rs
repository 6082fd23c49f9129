//! Hints between the replicas of a service: transient, not confirmed, lost without harm.
//!
//! What a replica commits it pushes to its own sockets at once; the others hear of it here. Hints are not events of
//! record and never go through the outbox: with nobody listening they would come back as undeliverable.

use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::consumer::handler::chain;
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

/// Hints that may wait to be sent; further ones are dropped.
const WAITING_MAX: usize = 4096;

/// Hints that travel together: those that wait at the moment, none waits for others.
const TOGETHER_MAX: usize = 256;

/// Why hints don't flow; they will again.
#[derive(Debug, thiserror::Error)]
enum FanoutError {
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    #[error("use the channel")]
    Channel(#[source] lapin::Error),
    #[error("the broker ended the subscription")]
    Cancelled,
}

/// What a replica hears.
pub enum Heard<'a> {
    /// A hint of another replica.
    Hint(&'a [u8]),
    /// The subscription stands (again): hints of the time before may be missing.
    Subscribed,
}

/// Sends hints; cheap to clone.
#[derive(Clone)]
pub struct Fanout {
    hints: mpsc::Sender<Vec<u8>>,
}

/// The two tasks behind a [`Fanout`].
pub struct FanoutTasks {
    exchange: Arc<str>,
    replica: Uuid,
    publish: Link,
    consume: Link,
    hints: mpsc::Receiver<Vec<u8>>,
}

impl Fanout {
    pub(crate) fn new(exchange: String, publish: Link, consume: Link) -> (Self, FanoutTasks) {
        let (sender, hints) = mpsc::channel(WAITING_MAX);
        let tasks = FanoutTasks { exchange: exchange.into(), replica: Uuid::now_v7(), publish, consume, hints };
        (Self { hints: sender }, tasks)
    }

    /// Tells the other replicas, if they can be told.
    pub fn tell(&self, hint: Vec<u8>) {
        if self.hints.try_send(hint).is_err() {
            metrics::counter!("messaging_hints_dropped_total").increment(1);
        }
    }
}

impl FanoutTasks {
    /// Sends and hears hints until `stopping`.
    ///
    /// # Errors
    /// None: it outlives every failure of the broker.
    pub async fn run(
        self,
        heard: impl Fn(Heard<'_>) + Send + Sync,
        stopping: CancellationToken,
    ) -> Result<(), std::convert::Infallible> {
        metrics_help::describe();
        let Self { exchange, replica, publish, consume, mut hints } = self;
        tokio::select! {
            () = send_for_ever(&exchange, replica, &publish, &mut hints) => {}
            () = hear_for_ever(&exchange, replica, &consume, &heard) => {}
            () = stopping.cancelled() => {}
        }
        Ok(())
    }
}

/// Sends until there will be no more hints.
async fn send_for_ever(exchange: &str, replica: Uuid, link: &Link, hints: &mut mpsc::Receiver<Vec<u8>>) {
    let mut backoff = Backoff::for_connections();
    while let Err(failure) = send(exchange, replica, link, hints).await {
        pause("hints are not sent", &failure, &mut backoff).await;
    }
}

async fn hear_for_ever(exchange: &str, replica: Uuid, link: &Link, heard: &(impl Fn(Heard<'_>) + Send + Sync)) {
    let mut backoff = Backoff::for_connections();
    while let Err(failure) = hear(exchange, replica, link, heard, &mut backoff).await {
        pause("hints are not heard", &failure, &mut backoff).await;
    }
}

async fn pause(what: &str, failure: &FanoutError, backoff: &mut Backoff) {
    let wait = backoff.next();
    warn!(error = %chain(failure), wait_ms = wait.as_millis(), "{what}: a pause");
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

/// Sends until the channel breaks, or for ever.
async fn send(
    exchange: &str,
    replica: Uuid,
    link: &Link,
    hints: &mut mpsc::Receiver<Vec<u8>>,
) -> Result<(), FanoutError> {
    let channel = open(exchange, link).await?;
    let properties = BasicProperties::default().with_app_id(replica.to_string().into());
    let mut waiting = Vec::new();
    while hints.recv_many(&mut waiting, TOGETHER_MAX).await > 0 {
        let message = packed(&waiting);
        waiting.clear();
        channel
            .basic_publish(exchange.into(), "".into(), BasicPublishOptions::default(), &message, properties.clone())
            .await
            .map_err(FanoutError::Channel)?;
    }
    Ok(())
}

/// Hints as one message: each with its length before it, four bytes, the highest first.
fn packed(hints: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::with_capacity(hints.iter().map(|hint| hint.len() + 4).sum());
    for hint in hints {
        let Ok(length) = u32::try_from(hint.len()) else { continue };
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(hint);
    }
    message
}

/// The hints of a message; what is malformed ends it.
fn unpacked(mut message: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = message.split_first_chunk::<4>()?;
        let (hint, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        message = rest;
        Some(hint)
    })
}

/// Hears until the channel breaks.
async fn hear(
    exchange: &str,
    replica: Uuid,
    link: &Link,
    heard: &(impl Fn(Heard<'_>) + Send + Sync),
    backoff: &mut Backoff,
) -> Result<(), FanoutError> {
    let channel = open(exchange, link).await?;
    let queue = format!("{exchange}.{replica}");
    let mut arguments = FieldTable::default();
    // Hints that nobody fetched for a minute help nobody.
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
    info!(queue, "hints of other replicas are heard");
    heard(Heard::Subscribed);
    backoff.reset();
    let own = replica.to_string();
    while let Some(delivery) = deliveries.next().await {
        let delivery = delivery.map_err(FanoutError::Channel)?;
        if delivery.properties.app_id().as_ref().is_none_or(|sender| sender.as_str() != own) {
            unpacked(&delivery.data).for_each(|hint| heard(Heard::Hint(hint)));
        }
    }
    Err(FanoutError::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_that_travel_together_arrive_as_they_were() {
        let hints = [b"one".to_vec(), vec![], b"three".to_vec()];
        assert_eq!(unpacked(&packed(&hints)).collect::<Vec<_>>(), hints);
    }

    #[test]
    fn a_message_that_is_cut_off_gives_what_is_whole() {
        let message = packed(&[b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(unpacked(&message[..message.len() - 1]).collect::<Vec<_>>(), [b"one"]);
        assert_eq!(unpacked(b"{}").count(), 0);
    }
}
