//! The messaging of one service, put together: what its `main` holds.

use crate::broker::Link;
use crate::consumer::breaker::Breaker;
use crate::consumer::hearing::Heard;
use crate::consumer::subscriptions::Subscriptions;
use crate::consumer::{Consumer, ConsumerOptions};
use crate::dead_letters::DeadLetters;
use crate::fanout::{Fanout, FanoutTasks};
use crate::probe::Probe;
use crate::relay::wake::Wake;
use crate::relay::{DatabaseProvider, Relay, RelayOptions};
use crate::transaction::{Origin, Transaction};
use sqlx::PgPool;
use std::sync::Arc;

/// The messaging of one service; cheap to clone.
#[derive(Clone)]
pub struct Messaging {
    pub(crate) pool: PgPool,
    pub(crate) origin: Origin,
    publish: Link,
    consume: Link,
    heard: Heard,
    relay: RelayOptions,
    pub(crate) breaker: Breaker,
}

impl Messaging {
    /// For `service` (`orders`), whose tables `outbox` and `inbox` are on the pool's search path.
    ///
    /// Nothing is connected yet: a service starts while its database and broker are away.
    pub fn new(service: &str, pool: PgPool, amqp_url: &str) -> Self {
        let origin = Origin { service: service.into(), wake: Arc::new(Wake::default()), probe: Probe::default() };
        Self {
            pool,
            origin,
            publish: Link::new(amqp_url, format!("{service}: publish")),
            consume: Link::new(amqp_url, format!("{service}: consume")),
            heard: Heard::default(),
            relay: RelayOptions::default(),
            breaker: Breaker::new(ConsumerOptions::default().failing_max),
        }
    }

    /// The same, with another relay than [`RelayOptions::default`].
    #[must_use]
    pub fn with_relay_options(mut self, options: RelayOptions) -> Self {
        self.relay = options;
        self
    }

    /// The same, with somebody who hears of every step: for tests.
    #[must_use]
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.origin.probe = probe;
        self
    }

    /// The same, with connections to the broker that are no one else's: a process that follows another one has none of
    /// the former's. For tests.
    #[must_use]
    pub fn with_connections_to(mut self, amqp_url: &str) -> Self {
        let service = &self.origin.service;
        self.publish = Link::new(amqp_url, format!("{service}: publish"));
        self.consume = Link::new(amqp_url, format!("{service}: consume"));
        self
    }

    /// Begins a transaction that can publish.
    ///
    /// # Errors
    /// The database's.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::begin(&self.pool, self.origin.clone()).await
    }

    /// The relay; run it once per process.
    pub fn relay(&self) -> Relay {
        let database = DatabaseProvider::of_pool(self.pool.clone());
        Relay::new(self.origin.clone(), database, self.publish.clone(), self.relay.clone())
    }

    /// The consumer; run it once per process.
    pub fn consumer(&self, subscriptions: Subscriptions) -> Consumer {
        let (links, signs) = ((self.consume.clone(), self.publish.clone()), (self.heard.clone(), self.breaker.clone()));
        Consumer::new(self.pool.clone(), self.origin.clone(), links, subscriptions, signs)
    }

    /// What was given up, to look at and to decide about.
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.pool.clone(), self.origin.clone())
    }

    /// Hints between replicas over the exchange `<service>.<topic>`.
    pub fn fanout(&self, topic: &str) -> (Fanout, FanoutTasks) {
        let exchange = format!("{}.{topic}", self.origin.service);
        Fanout::new(exchange, self.publish.clone(), self.consume.clone())
    }

    /// Whether the broker takes and gives messages, for `/readyz`.
    ///
    /// # Errors
    /// Words for the report.
    pub fn check(&self) -> Result<(), String> {
        let publishing = self.publish.check().map_err(|why| format!("publishing: {why}"));
        let consuming = self
            .consume
            .check()
            .and_then(|()| self.breaker.check())
            .and_then(|()| self.heard.check())
            .map_err(|why| format!("consuming: {why}"));
        match (publishing, consuming) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(why), Ok(())) | (Ok(()), Err(why)) => Err(why),
            (Err(one), Err(other)) => Err(format!("{one}; {other}")),
        }
    }
}
