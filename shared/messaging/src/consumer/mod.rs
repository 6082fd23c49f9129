//! The consumer: takes deliveries from the service's inbox queue, has them handled, and settles them.

mod batch;
mod function;
pub(crate) mod handler;
pub(crate) mod hearing;
mod incoming;
mod options;
pub(crate) mod outcome;
mod subscription;
pub(crate) mod subscriptions;

pub use function::HandleFn;
pub use options::ConsumerOptions;

use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::probe::Step;
use crate::topology::Topology;
use crate::transaction::Origin;
use batch::{Disposition, Worker};
use futures_util::{FutureExt, StreamExt};
use hearing::{Heard, Hearing};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::FieldTable;
use outcome::chain;
use sqlx::PgPool;
use std::sync::Arc;
use subscriptions::Subscriptions;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Why a session of the consumer ended; the next one begins after a pause.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// There is no channel.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// The topology could not be declared: something exists with other arguments, or the broker's user may not.
    #[error("declare exchanges, queues and bindings")]
    Declare(#[source] lapin::Error),
    /// The channel broke; what was not acknowledged comes again.
    #[error("consume")]
    Consume(#[source] lapin::Error),
    /// The broker ended the subscription: its queue was deleted, or the broker is going down.
    #[error("the broker ended the subscription")]
    Cancelled,
}

/// The consumer of one service.
pub struct Consumer {
    service: Arc<str>,
    pool: PgPool,
    origin: Origin,
    link: Link,
    subscriptions: Subscriptions,
    heard: Heard,
    options: ConsumerOptions,
}

impl Consumer {
    pub(crate) fn new(pool: PgPool, origin: Origin, link: Link, subscriptions: Subscriptions, heard: Heard) -> Self {
        Self {
            service: Arc::clone(&origin.service),
            pool,
            origin,
            link,
            subscriptions,
            heard,
            options: ConsumerOptions::default(),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_options(mut self, options: ConsumerOptions) -> Self {
        self.options = options;
        self
    }

    /// Consumes until `stopping`; failures are logged, waited out and survived.
    ///
    /// # Errors
    /// None: it outlives every failure of the database and the broker.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
        let mut backoff = Backoff::for_connections();
        while !stopping.is_cancelled() {
            let ended = self.run_session(&stopping, &mut backoff).await;
            self.heard.end();
            let Err(failure) = ended else { break };
            let wait = backoff.next();
            let error = chain(&failure);
            warn!(%error, wait_ms = wait.as_millis(), "the consumer pauses: {error}");
            metrics::counter!("messaging_consumer_failures_total").increment(1);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
        }
        Ok(())
    }

    /// From declaring the topology to losing the channel or being told to stop.
    async fn run_session(&self, stopping: &CancellationToken, backoff: &mut Backoff) -> Result<(), ConsumeError> {
        let channel = self.link.channel().await.map_err(ConsumeError::Broker)?;
        let topology = Topology::of(&self.service, &self.subscriptions.wire_types());
        topology.declare(&channel).await.map_err(ConsumeError::Declare)?;
        let mut hearing = Hearing::begin(self.link.clone(), topology.heard).await?;
        channel.basic_qos(self.options.prefetch, BasicQosOptions::default()).await.map_err(ConsumeError::Consume)?;
        let queue = format!("{}.inbox", self.service);
        let mut deliveries = channel
            .basic_consume(
                queue.as_str().into(),
                self.service.as_ref().into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(ConsumeError::Consume)?;
        hearing.report(&self.heard);
        info!(queue, "the consumer hears {}", self.subscriptions.wire_types().join(", "));
        let worker = Worker {
            pool: self.pool.clone(),
            origin: self.origin.clone(),
            subscriptions: self.subscriptions.clone(),
            stopping: stopping.clone(),
        };
        loop {
            let first = tokio::select! {
                first = deliveries.next() => first,
                progress = hearing.progress() => {
                    progress?;
                    hearing.report(&self.heard);
                    continue;
                }
                // Dropping the channel hands back what was prefetched and not handled.
                () = stopping.cancelled() => return Ok(()),
            };
            let mut arrived = vec![first.ok_or(ConsumeError::Cancelled)?.map_err(ConsumeError::Consume)?];
            while arrived.len() < self.options.batch_max {
                match deliveries.next().now_or_never() {
                    Some(Some(Ok(delivery))) => arrived.push(delivery),
                    // An error shows again at the next wait; what has arrived is handled first.
                    Some(Some(Err(_)) | None) | None => break,
                }
            }
            self.handle(&worker, arrived).await?;
            backoff.reset();
        }
    }

    /// Handles a batch and settles each delivery by itself.
    async fn handle(&self, worker: &Worker, arrived: Vec<Delivery>) -> Result<(), ConsumeError> {
        self.origin.probe.reached(Step::InboxReceived);
        let bodies: Vec<&[u8]> = arrived.iter().map(|delivery| delivery.data.as_slice()).collect();
        let dispositions = worker.handle(&bodies).await;
        for (delivery, disposition) in arrived.iter().zip(&dispositions) {
            settle(delivery, disposition).await?;
        }
        self.origin.probe.reached(Step::InboxAcked);
        Ok(())
    }
}

/// Tells the broker what became of a delivery.
async fn settle(delivery: &Delivery, disposition: &Disposition) -> Result<(), ConsumeError> {
    match disposition {
        Disposition::Done => delivery.ack(BasicAckOptions::default()).await.map(drop),
        // Never nack: RabbitMQ 4.3 does not count it. Without requeue this dead-letters to `<service>.dead`.
        Disposition::Dead => delivery.reject(BasicRejectOptions { requeue: false }).await.map(drop),
        Disposition::Kept => Ok(()),
    }
    .map_err(ConsumeError::Consume)
}
