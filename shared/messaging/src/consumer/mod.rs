//! The consumer: takes deliveries from the service's inbox queue, has them handled, and settles them.

mod batch;
mod deliver;
mod function;
pub(crate) mod handler;
pub(crate) mod hearing;
pub(crate) mod incoming;
mod options;
pub(crate) mod outcome;
mod subscription;
pub(crate) mod subscriptions;

pub(crate) mod breaker;
mod ladder;
pub(crate) mod outage;
mod trial;

pub(crate) mod forward;
pub(crate) mod history;
mod session;
mod settle;
mod span;

pub use deliver::Delivered;
pub use function::HandleFn;
pub use options::ConsumerOptions;
pub use session::ConsumeError;

use crate::backoff::Backoff;
use crate::broker::Link;
use crate::dead_letters::sink::Sink;
use crate::transaction::Origin;
use breaker::{Breaker, State};
use forward::Forwarder;
use hearing::Heard;
use outage::Outage;
use outcome::chain;
use session::Ended;
use sqlx::PgPool;
use std::sync::Arc;
use std::time::Duration;
use subscriptions::Subscriptions;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// The consumer of one service.
pub struct Consumer {
    service: Arc<str>,
    pool: PgPool,
    origin: Origin,
    consume: Link,
    publish: Link,
    subscriptions: Subscriptions,
    heard: Heard,
    breaker: Breaker,
    options: ConsumerOptions,
}

impl Consumer {
    pub(crate) fn new(
        pool: PgPool,
        origin: Origin,
        (consume, publish): (Link, Link),
        subscriptions: Subscriptions,
        (heard, breaker): (Heard, Breaker),
    ) -> Self {
        let (service, options) = (Arc::clone(&origin.service), ConsumerOptions::default());
        Self { service, pool, origin, consume, publish, subscriptions, heard, breaker, options }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_options(mut self, options: ConsumerOptions) -> Self {
        self.breaker.limit(options.failing_max);
        self.options = options;
        self
    }

    /// Consumes until `stopping`, and keeps what is given up in the table `dead_letters`; failures are logged, waited
    /// out and survived.
    ///
    /// # Errors
    /// None: it outlives every failure of the database and the broker.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
        let sink = Sink::new(Arc::clone(&self.service), self.pool.clone(), self.consume.clone(), self.publish.clone());
        tokio::join!(self.hear(&stopping), sink.run(&stopping));
        Ok(())
    }

    /// One session after the other.
    async fn hear(&self, stopping: &CancellationToken) {
        let mut backoff = Backoff::for_connections();
        let mut forwarder = Forwarder::new(Arc::clone(&self.service), self.publish.clone());
        while !stopping.is_cancelled() {
            if let State::Open(outage) = self.breaker.state() {
                tokio::select! {
                    () = self.wait_out(&outage) => self.breaker.set(State::HalfOpen),
                    () = stopping.cancelled() => break,
                }
            }
            let ended = self.run_session(&mut forwarder, stopping, &mut backoff).await;
            self.heard.end();
            let failure = match ended {
                Ok(Ended::Stopped) => break,
                Ok(Ended::Paused(outage)) => {
                    self.breaker.set(State::Open(outage));
                    continue;
                }
                Ok(Ended::Recovered) => continue,
                Err(failure) => failure,
            };
            let wait = backoff.next();
            let error = chain(&failure);
            self.heard.fail(&error);
            warn!(%error, wait_ms = wait.as_millis(), "the consumer pauses: {error}");
            metrics::counter!("messaging_consumer_failures_total").increment(1);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
        }
    }

    /// Waits until it makes sense to try an event.
    async fn wait_out(&self, outage: &Outage) {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
        tokio::time::sleep(backoff.next()).await;
        while outage.of_database && !outage::database_answers(&self.pool).await {
            tokio::time::sleep(backoff.next()).await;
        }
    }
}
