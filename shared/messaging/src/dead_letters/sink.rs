//! From the queue `<service>.dead` into the table.
//!
//! Nothing is lost on the way, whatever the broker's rules: the queue has no delivery limit of its own, and RabbitMQ 4
//! gives such a queue one of 20, after which it *drops* a message. So a letter is fetched only when the database
//! answers, it is held in place while the database is away, and one that was interrupted often, by crashes, is put back
//! as a new message, whose count begins anew.

use super::arrival::Arrival;
use super::keep::keep;
use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::consumer::forward::{Copy, Forwarder};
use crate::consumer::history;
use crate::consumer::incoming::Arrived;
use crate::consumer::outage::database_answers;
use crate::consumer::outcome::chain;
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

/// Letters that the broker hands out ahead.
const PREFETCH: u16 = 8;
/// Interruptions of one letter before it is put back as a new message: well below RabbitMQ's 20.
const INTERRUPTIONS_MAX: i64 = 10;

/// Why letters are not taken at the moment.
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

/// Takes what was given up, for one service.
pub(crate) struct Sink {
    service: Arc<str>,
    declares: bool,
    pool: PgPool,
    link: Link,
    forwarder: Forwarder,
}

impl Sink {
    /// `link` is a connection of its own: nothing that is in the inbox keeps letters from being stored.
    pub(crate) fn new(origin: &Origin, pool: PgPool, link: Link, publish: Link) -> Self {
        let (service, declares) = (Arc::clone(&origin.service), origin.declares);
        Self { forwarder: Forwarder::new(Arc::clone(&service), publish, declares), service, declares, pool, link }
    }

    /// Takes letters until `stopping`; failures are logged, waited out and survived.
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
            warn!(error = %chain(&failure), wait_ms = wait.as_millis(), "dead letters are not taken: a pause");
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
        let topology = Topology::of(&self.service, &[]);
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
        info!(queue, "dead letters are taken from {queue}");
        backoff.reset();
        loop {
            let delivery = deliveries.next().await.ok_or(SinkError::Cancelled)?.map_err(SinkError::Consume)?;
            if self.settle(&queue, &delivery, stopping).await {
                delivery.ack(BasicAckOptions::default()).await.map_err(SinkError::Consume)?;
            }
        }
    }

    /// Whether the letter is safe elsewhere.
    async fn settle(&mut self, exchange: &str, delivery: &Delivery, stopping: &CancellationToken) -> bool {
        let mut arrival = Arrival::read(delivery);
        if interruptions(delivery) >= INTERRUPTIONS_MAX {
            let properties = history::copy(&Arrived::in_delivery(delivery), &arrival.history);
            let copy = Copy { exchange, routing_key: "", body: &delivery.data, properties };
            return self.forwarder.forward(&copy, || delivery.acker.usable(), stopping).await;
        }
        let mut backoff = Backoff::for_connections();
        while delivery.acker.usable() {
            let Err(failure) = keep(&self.pool, &arrival, &delivery.data).await else { return true };
            if is_refused(&failure) {
                // Something that a stranger wrote can't be stored: the contents can, and the others must not wait.
                arrival = arrival.bare(&delivery.data);
            }
            let wait = backoff.next();
            warn!(
                error = %chain(&failure), event.id = %arrival.event_id, wait_ms = wait.as_millis(),
                "a dead letter is held until it can be written down"
            );
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => return false,
            }
        }
        false
    }
}

/// Whether the database refused the letter for what it says.
fn is_refused(failure: &sqlx::Error) -> bool {
    let code = failure.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| sqlstate::meaning(&code) == Meaning::Data)
}

/// How often the message was handed out before and came back.
fn interruptions(delivery: &Delivery) -> i64 {
    let headers = delivery.properties.headers().as_ref();
    match headers.and_then(|headers| headers.inner().get("x-delivery-count")) {
        Some(AMQPValue::LongLongInt(count)) => *count,
        Some(AMQPValue::LongInt(count)) => i64::from(*count),
        _ => 0,
    }
}
