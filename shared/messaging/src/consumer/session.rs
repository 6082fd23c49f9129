//! One session of the consumer: from declaring the topology to losing the channel, pausing, or stopping.

use super::batch::{Disposition, Worker};
use super::breaker::State;
use super::dispatch::Queues;
use super::error::ConsumeError;
use super::forward::Forwarder;
use super::inbox_bindings::InboxBindings;
use super::incoming::Arrived;
use super::limits::StatementLimit;
use super::outage::Outage;
use super::parts::Consumer;
use super::prefetch::Prefetch;
use super::settle::Settling;
use super::trial;
use crate::backoff::Backoff;
use crate::probe::Step;
use crate::topology::Topology;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::info;

/// How a session ended without an error.
pub(super) enum Ended {
    /// It was stopped.
    Stopped,
    /// Something that handlers need is not available.
    Paused(Outage),
    /// The event that was tried succeeded.
    Recovered,
}

/// Why taking deliveries ended.
enum Taken {
    Ended(Ended),
    /// The prefetch must change.
    Resubscribe,
}

/// A batch that was handled and settled: its queue, its forwarder, and its outage or failure, if any.
type Handled = (usize, Forwarder, Result<Option<Outage>, ConsumeError>);

impl Consumer {
    pub(super) async fn run_session(
        &self,
        forwarders: &mut Vec<Forwarder>,
        stopping: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<Ended, ConsumeError> {
        let one_by_one = self.breaker.state() != State::Closed;
        let channel = self.consume.channel().await.map_err(ConsumeError::Broker)?;
        let inbox = format!("{}.inbox", self.service);
        let mut topology = Topology::for_subscriptions(&self.service, &self.subscriptions);
        topology.declare_on(&self.consume, self.origin.declares).await.map_err(ConsumeError::Declare)?;
        // AMQP can't query bindings: if an administrator declares them, they are assumed to exist.
        if !self.origin.declares {
            topology.subscriptions.clear();
        }
        let bindings = InboxBindings::begin(self.consume.clone(), topology).await?;
        let worker = self.worker(stopping);
        let subscribing = async {
            let mut prefetch = Prefetch::new(self.options.prefetch, self.options.prefetch_bytes);
            for generation in 0_u64.. {
                let ahead = if one_by_one { 1 } else { prefetch.recommended() };
                channel.basic_qos(ahead, BasicQosOptions::default()).await.map_err(ConsumeError::Consume)?;
                let tag = format!("{}.{generation}", self.service);
                let mut deliveries = channel
                    .basic_consume(
                        inbox.as_str().into(),
                        tag.as_str().into(),
                        BasicConsumeOptions::default(),
                        FieldTable::default(),
                    )
                    .await
                    .map_err(ConsumeError::Consume)?;
                if generation == 0 {
                    bindings.report(&self.subscription_state);
                    info!(
                        queue = inbox,
                        "the consumer is subscribed to {}",
                        self.subscriptions.wire_types().join(", ")
                    );
                } else {
                    info!(queue = inbox, ahead, "the prefetch is {ahead}: more deliveries would take too much memory");
                }
                let subscription = Subscription { channel: &channel, tag: &tag, stopping, ahead };
                let taken = if one_by_one {
                    self.take_one(&worker, &mut deliveries, &subscription, forwarders, backoff).await?
                } else {
                    self.take(&worker, &mut deliveries, &subscription, &mut prefetch, forwarders, backoff).await?
                };
                match taken {
                    Taken::Ended(ended) => return Ok(ended),
                    Taken::Resubscribe => {}
                }
            }
            Ok(Ended::Stopped)
        };
        tokio::select! {
            ended = subscribing => ended,
            never = bindings.clone().keep_declaring(&self.subscription_state, self.origin.declares) => match never {},
        }
    }

    fn worker(&self, stopping: &CancellationToken) -> Worker {
        Worker {
            pool: self.pool.clone(),
            origin: self.origin.clone(),
            subscriptions: self.subscriptions.clone(),
            breaker: self.breaker.clone(),
            options: self.options,
            stopping: stopping.clone(),
            statement_limit: StatementLimit::default(),
        }
    }

    /// Takes deliveries and handles them, [`ConsumerOptions::parallel`](super::ConsumerOptions::parallel) batches
    /// concurrently.
    async fn take(
        &self,
        worker: &Worker,
        deliveries: &mut lapin::Consumer,
        subscription: &Subscription<'_>,
        prefetch: &mut Prefetch,
        forwarders: &mut Vec<Forwarder>,
        backoff: &mut Backoff,
    ) -> Result<Taken, ConsumeError> {
        let mut queues = Queues::new(self.options.parallel);
        let mut running = FuturesUnordered::new();
        let (mut paused, mut failed, mut leaving) = (None, None, false);
        let mut open = true;
        loop {
            let goes_on = paused.is_none() && failed.is_none() && !subscription.stopping.is_cancelled();
            let now = Instant::now();
            while goes_on && let Some((queue, batch)) = queues.next_batch(self.options.batch_max, now) {
                let forwarder = forwarders.pop().unwrap_or_else(|| self.forwarder());
                running.push(self.handle(worker, queue, batch, forwarder, subscription.stopping));
            }
            if running.is_empty() && (!goes_on || (!open && queues.len() == 0)) {
                break;
            }
            let next_at = queues.next_at(self.options.batch_max, now);
            tokio::select! {
                // Checked first: after a batch that was left unsettled because the process stops, no later batch may be
                // settled, because its acknowledgement would cover the unsettled one, too. Dropping the channel returns
                // both to the queue, with what was prefetched.
                biased;
                () = subscription.stopping.cancelled(), if goes_on => {}
                Some(handled) = running.next(), if !running.is_empty() => {
                    let (queue, forwarder, outcome): Handled = handled;
                    forwarders.push(forwarder);
                    queues.settled(queue);
                    match outcome {
                        Ok(None) => backoff.reset(),
                        Ok(Some(outage)) => paused = Some(outage),
                        Err(failure) => failed = Some(failure),
                    }
                }
                delivery = deliveries.next(), if open && goes_on => match delivery {
                    Some(Ok(delivery)) => {
                        if prefetch.observe(delivery.data.len(), subscription.ahead) && !leaving {
                            leaving = true;
                            // What the broker already sent still arrives; then the stream ends.
                            subscription.cancel().await;
                        }
                        queues.push(delivery, Instant::now());
                    }
                    // Deliveries that have arrived are handled first.
                    Some(Err(failure)) => (open, failed) = (false, Some(ConsumeError::Consume(failure))),
                    None => open = false,
                },
                () = tokio::time::sleep_until(next_at.unwrap_or(now).into()), if goes_on && next_at.is_some() => {}
            }
        }
        drop(running);
        if let Some(failure) = failed {
            return Err(failure);
        }
        if let Some(outage) = paused {
            subscription.close().await;
            return Ok(Taken::Ended(Ended::Paused(outage)));
        }
        if subscription.stopping.is_cancelled() {
            return Ok(Taken::Ended(Ended::Stopped));
        }
        if leaving { Ok(Taken::Resubscribe) } else { Err(ConsumeError::Cancelled) }
    }

    /// Handles a batch and settles each delivery.
    async fn handle(
        &self,
        worker: &Worker,
        queue: usize,
        batch: Vec<Delivery>,
        mut forwarder: Forwarder,
        stopping: &CancellationToken,
    ) -> Handled {
        self.origin.probe.reached(Step::InboxReceived);
        let messages: Vec<Arrived<'_>> = batch.iter().map(Arrived::in_delivery).collect();
        let dispositions = worker.handle(&messages).await;
        let outage = dispositions.iter().find_map(|disposition| match disposition {
            Disposition::Outage(outage) => Some(outage.clone()),
            Disposition::Done | Disposition::Failed(_) | Disposition::Unsettled => None,
        });
        let in_order = self.options.parallel <= 1;
        let settling = Settling { service: &self.service, forwarder: &mut forwarder, stopping, in_order };
        let settled = settling.settle(&batch, &dispositions).await;
        self.origin.probe.reached(Step::InboxAcked);
        (queue, forwarder, settled.map(|()| outage))
    }

    /// Takes one delivery at a time, and tries it until it is decided.
    async fn take_one(
        &self,
        worker: &Worker,
        deliveries: &mut lapin::Consumer,
        subscription: &Subscription<'_>,
        forwarders: &mut Vec<Forwarder>,
        backoff: &mut Backoff,
    ) -> Result<Taken, ConsumeError> {
        loop {
            let delivery = tokio::select! {
                biased;
                () = subscription.stopping.cancelled() => return Ok(Taken::Ended(Ended::Stopped)),
                delivery = deliveries.next() => delivery.ok_or(ConsumeError::Cancelled)?.map_err(ConsumeError::Consume)?,
            };
            let message = Arrived::in_delivery(&delivery);
            let (disposition, verdict) = trial::run(worker, &message, || delivery.acker.usable()).await;
            if forwarders.is_empty() {
                forwarders.push(self.forwarder());
            }
            let (service, stopping) = (&self.service, subscription.stopping);
            let settling = Settling { service, forwarder: &mut forwarders[0], stopping, in_order: true };
            settling.settle(std::slice::from_ref(&delivery), &[disposition]).await?;
            backoff.reset();
            if verdict == trial::Verdict::Works {
                self.breaker.set(State::Closed);
                subscription.close().await;
                return Ok(Taken::Ended(Ended::Recovered));
            }
        }
    }
}

/// The source of deliveries.
struct Subscription<'a> {
    channel: &'a Channel,
    tag: &'a str,
    stopping: &'a CancellationToken,
    ahead: u16,
}

impl Subscription<'_> {
    /// Cancels the subscription.
    async fn cancel(&self) {
        let _ = self.channel.basic_cancel(self.tag.into(), BasicCancelOptions::default()).await;
    }

    /// Returns prefetched deliveries at once, instead of when the broker notices the lost connection.
    async fn close(&self) {
        self.cancel().await;
        let _ = self.channel.close(200, "the consumer pauses".into()).await;
    }
}
