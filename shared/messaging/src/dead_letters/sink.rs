//! Moves dead letters from the queue `<service>.dead` into the table.
//!
//! Nothing may be lost on the way, with any version of the broker: the queue declares no delivery limit, but RabbitMQ 4
//! gives such a queue a limit of 20, after which it *drops* the message. So a message is fetched only while the
//! database answers, and stays unacknowledged while the database is not available; one that was interrupted often, by
//! crashes, is published as a new message, whose count starts at zero.

use super::arrival::Arrival;
use super::store::store;
use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::causes::chain;
use crate::consumer::copies;
use crate::consumer::forward::{Copy, Forwarder};
use crate::consumer::incoming::Arrived;
use crate::consumer::outage::database_answers;
use crate::consumer::sqlstate::{self, Meaning};
use crate::topology::{Topology, TopologyError};
use crate::transaction::Origin;
use futures_util::StreamExt;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::{AMQPValue, FieldTable};
use sqlx::PgPool;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Prefetch of the queue.
const PREFETCH: u16 = 8;
/// Interrupted deliveries of a message before it is published as a new one: well below RabbitMQ's 20.
const INTERRUPTIONS_MAX: i64 = 10;

/// Why dead letters can't be taken at the moment.
#[derive(Debug, thiserror::Error)]
enum SinkError {
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    #[error("declare exchanges, queues and bindings")]
    Declare(#[source] TopologyError),
    #[error("consume dead letters")]
    Consume(#[source] lapin::Error),
    #[error("the broker ended the subscription")]
    Cancelled,
}

/// Stores the dead letters of one service.
pub(crate) struct Sink {
    service: Arc<str>,
    declares: bool,
    pool: PgPool,
    link: Link,
    forwarder: Forwarder,
}

impl Sink {
    /// `link` is a separate connection: nothing in the inbox may prevent dead letters from being stored.
    pub(crate) fn new(origin: &Origin, pool: PgPool, link: Link, publish: Link) -> Self {
        let (service, declares) = (Arc::clone(&origin.service), origin.declares);
        Self { forwarder: Forwarder::new(Arc::clone(&service), publish, declares), service, declares, pool, link }
    }

    /// Stores dead letters until `stopping`; failures are logged and retried.
    pub(crate) async fn run(mut self, stopping: &CancellationToken) {
        let mut backoff = Backoff::for_connections();
        loop {
            let failure = tokio::select! {
                ended = self.take(stopping, &mut backoff) => match ended {
                    Ok(()) => return,
                    Err(failure) => failure,
                },
                () = stopping.cancelled() => return,
            };
            let wait = backoff.next();
            warn!(error = %chain(&failure), wait_ms = wait.as_millis(), "storing dead letters failed, retrying");
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => return,
            }
        }
    }

    async fn take(&mut self, stopping: &CancellationToken, backoff: &mut Backoff) -> Result<(), SinkError> {
        while !database_answers(&self.pool).await {
            tokio::time::sleep(backoff.next()).await;
        }
        let topology = Topology::consuming(&self.service);
        topology.declare_on(&self.link, self.declares).await.map_err(SinkError::Declare)?;
        let channel = self.link.channel().await.map_err(SinkError::Broker)?;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await.map_err(SinkError::Consume)?;
        let queue = format!("{}.dead", self.service);
        let mut deliveries = channel
            .basic_consume(
                queue.as_str().into(),
                queue.as_str().into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(SinkError::Consume)?;
        info!(queue, "dead letters are stored from {queue}");
        backoff.reset();
        loop {
            let delivery = deliveries.next().await.ok_or(SinkError::Cancelled)?.map_err(SinkError::Consume)?;
            if self.settle(&queue, &delivery, stopping).await {
                delivery.ack(BasicAckOptions::default()).await.map_err(SinkError::Consume)?;
            }
        }
    }

    /// Whether the message is safe elsewhere.
    async fn settle(&mut self, exchange: &str, delivery: &Delivery, stopping: &CancellationToken) -> bool {
        let mut arrival = Arrival::read(delivery);
        if interruptions(delivery) >= INTERRUPTIONS_MAX {
            let properties = copies::copy(&Arrived::in_delivery(delivery), &arrival.history);
            let copy = Copy { exchange, routing_key: "", body: &delivery.data, properties };
            return self.forwarder.forward(&copy, || delivery.acker.usable(), stopping).await;
        }
        let mut backoff = Backoff::for_connections();
        while delivery.acker.usable() {
            let Err(failure) = store(&self.pool, &arrival, &delivery.data).await else { return true };
            if is_refused(&failure) {
                // Some text of a peer's message can't be stored: store its bytes at least, because the next messages
                // must not wait.
                arrival = arrival.bare(&delivery.data);
            }
            let wait = backoff.next();
            warn!(
                error = %chain(&failure), event.id = %arrival.event_id, wait_ms = wait.as_millis(),
                "a dead letter could not be stored, retrying"
            );
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => return false,
            }
        }
        false
    }
}

/// Whether the database refused the dead letter because of its contents.
fn is_refused(failure: &sqlx::Error) -> bool {
    let code = failure.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| sqlstate::meaning(&code) == Meaning::Data)
}

/// How many deliveries of the message were interrupted before.
fn interruptions(delivery: &Delivery) -> i64 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get("x-delivery-count")) {
        Some(AMQPValue::LongLongInt(count)) => *count,
        Some(AMQPValue::LongInt(count)) => i64::from(*count),
        _ => 0,
    }
}
