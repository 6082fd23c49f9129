//! One session of the consumer: from declaring the topology to losing the channel, pausing, or being told to stop.

use super::Consumer;
use super::batch::{Arrived, Disposition, Worker};
use super::breaker::State;
use super::forward::Forwarder;
use super::hearing::Hearing;
use super::history::History;
use super::outage::Outage;
use super::settle::Settling;
use super::trial;
use crate::backoff::Backoff;
use crate::broker::BrokerError;
use crate::probe::Step;
use crate::topology::{Topology, TopologyError};
use futures_util::{FutureExt, StreamExt};
use lapin::message::Delivery;
use lapin::options::{BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Why a session of the consumer ended; the next one begins after a pause.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// There is no channel.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// The topology could not be declared: something exists with other arguments, or the broker's user may not.
    #[error("declare exchanges, queues and bindings")]
    Declare(#[source] TopologyError),
    /// The inbox could not be bound to an exchange of another service, for another reason than that it is not there.
    #[error("bind the inbox to what it hears")]
    Bind(#[source] lapin::Error),
    /// The channel broke; what was not acknowledged comes again.
    #[error("consume")]
    Consume(#[source] lapin::Error),
    /// The broker ended the subscription: its queue was deleted, or the broker is going down.
    #[error("the broker ended the subscription")]
    Cancelled,
}

/// How a session ended that nothing broke.
pub(super) enum Ended {
    /// It was told to.
    Stopped,
    /// Something that handlers need is away.
    Paused(Outage),
    /// The one event that was tried worked.
    Recovered,
}

impl Consumer {
    pub(super) async fn run_session(
        &self,
        forwarder: &mut Forwarder,
        stopping: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<Ended, ConsumeError> {
        let one_by_one = self.breaker.state() != State::Closed;
        let (prefetch, batch_max) = if one_by_one { (1, 1) } else { (self.options.prefetch, self.options.batch_max) };
        let channel = self.consume.channel().await.map_err(ConsumeError::Broker)?;
        let topology = Topology::of(&self.service, &self.subscriptions.wire_types());
        topology.declare_on(&self.consume).await.map_err(ConsumeError::Declare)?;
        let mut hearing = Hearing::begin(self.consume.clone(), topology.heard).await?;
        channel.basic_qos(prefetch, BasicQosOptions::default()).await.map_err(ConsumeError::Consume)?;
        let queue = format!("{}.inbox", self.service);
        let (tag, options) = (self.service.as_ref(), BasicConsumeOptions::default());
        let mut deliveries = channel
            .basic_consume(queue.as_str().into(), tag.into(), options, FieldTable::default())
            .await
            .map_err(ConsumeError::Consume)?;
        hearing.report(&self.heard);
        info!(queue, "the consumer hears {}", self.subscriptions.wire_types().join(", "));
        let worker = self.worker(stopping);
        loop {
            let first = tokio::select! {
                // Looked at first: what was left unsettled because the process stops must not be followed by a batch,
                // whose acknowledgement would speak for it too. Dropping the channel hands it back with what was
                // prefetched.
                biased;
                () = stopping.cancelled() => return Ok(Ended::Stopped),
                first = deliveries.next() => first,
                progress = hearing.progress() => {
                    progress?;
                    hearing.report(&self.heard);
                    continue;
                }
            };
            let mut arrived = vec![first.ok_or(ConsumeError::Cancelled)?.map_err(ConsumeError::Consume)?];
            while arrived.len() < batch_max {
                match deliveries.next().now_or_never() {
                    Some(Some(Ok(delivery))) => arrived.push(delivery),
                    // An error shows again at the next wait; what has arrived is handled first.
                    Some(Some(Err(_)) | None) | None => break,
                }
            }
            let settling = Settling { service: &self.service, forwarder: &mut *forwarder, stopping };
            let ended = if one_by_one {
                self.try_one(&worker, &arrived[0], settling).await?
            } else {
                self.handle(&worker, &arrived, settling).await?
            };
            backoff.reset();
            if let Some(ended) = ended {
                // Both hand back at once what was prefetched, instead of when the broker notices that nobody is there.
                let _ = channel.basic_cancel(tag.into(), lapin::options::BasicCancelOptions::default()).await;
                let _ = channel.close(200, "the consumer pauses".into()).await;
                return Ok(ended);
            }
        }
    }

    fn worker(&self, stopping: &CancellationToken) -> Worker {
        Worker {
            pool: self.pool.clone(),
            origin: self.origin.clone(),
            subscriptions: self.subscriptions.clone(),
            breaker: self.breaker.clone(),
            stopping: stopping.clone(),
        }
    }

    /// Handles a batch and settles each delivery by itself.
    async fn handle(
        &self,
        worker: &Worker,
        arrived: &[Delivery],
        settling: Settling<'_>,
    ) -> Result<Option<Ended>, ConsumeError> {
        self.origin.probe.reached(Step::InboxReceived);
        let messages: Vec<Arrived<'_>> = arrived.iter().map(message).collect();
        let dispositions = worker.handle(&messages).await;
        let outage = dispositions.iter().find_map(|disposition| match disposition {
            Disposition::Outage(outage) => Some(outage.clone()),
            Disposition::Done | Disposition::Failed(_) | Disposition::Kept => None,
        });
        settling.settle(arrived, &dispositions).await?;
        self.origin.probe.reached(Step::InboxAcked);
        Ok(outage.map(Ended::Paused))
    }

    /// Tries one event in place, until it is decided.
    async fn try_one(
        &self,
        worker: &Worker,
        delivery: &Delivery,
        settling: Settling<'_>,
    ) -> Result<Option<Ended>, ConsumeError> {
        let (disposition, verdict) = trial::run(worker, &message(delivery), || delivery.acker.usable()).await;
        settling.settle(std::slice::from_ref(delivery), &[disposition]).await?;
        Ok(match verdict {
            trial::Verdict::Works => {
                self.breaker.set(State::Closed);
                Some(Ended::Recovered)
            }
            trial::Verdict::Unclear => None,
        })
    }
}

fn message(delivery: &Delivery) -> Arrived<'_> {
    Arrived { body: &delivery.data, history: History::read(&delivery.properties) }
}
