//! One service of a test.

use crate::crash::{Crashes, relay};
use crate::spy::Sightings;
use rabbit_outbox::{CancellationToken, ConsumerOptions, Messaging, Subscriptions};
use sqlx::PgPool;
use std::sync::{Arc, Mutex, PoisonError};

/// A service with its own schema, and the running parts of it.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) messaging: Messaging,
    pub(crate) pool: PgPool,
    pub(crate) crashes: Arc<Crashes>,
    hearing: Mutex<Hearing>,
}

/// The subscriptions of a service.
#[derive(Clone, Default)]
struct Hearing {
    subscriptions: Subscriptions,
    /// Whether it consumes from the broker.
    consumes: bool,
    relays: bool,
}

impl Service {
    pub(crate) fn new(name: &str, pool: PgPool, amqp_url: &str, sightings: Sightings) -> Self {
        let messaging = Messaging::new(name, pool.clone(), amqp_url);
        Self { name: name.to_owned(), messaging, pool, crashes: Crashes::none(sightings), hearing: Mutex::default() }
    }

    /// The subscriptions, from the broker or for direct deliveries.
    pub(crate) fn subscriptions(&self) -> Subscriptions {
        self.hearing().subscriptions
    }

    /// The wire types that it consumes from the broker.
    pub(crate) fn consumed(&self) -> Vec<&'static str> {
        let hearing = self.hearing();
        if hearing.consumes { hearing.subscriptions.wire_types() } else { vec![] }
    }

    /// Whether its relay runs.
    pub(crate) fn relays(&self) -> bool {
        self.hearing().relays
    }

    /// Sets the subscriptions for direct deliveries.
    pub(crate) fn hear(&self, subscriptions: Subscriptions) {
        self.change(|hearing| hearing.subscriptions = subscriptions);
    }

    /// Starts its relay.
    ///
    /// # Panics
    /// If it already runs.
    pub(crate) fn start_relay(&self, amqp_url: &str, stopping: &CancellationToken) {
        assert!(!self.relays(), "the relay of `{}` is already running", self.name);
        self.change(|hearing| hearing.relays = true);
        let crashes = Arc::clone(&self.crashes);
        tokio::spawn(relay(self.messaging.clone(), amqp_url.to_owned(), crashes, stopping.clone()));
    }

    /// Starts its consumer.
    pub(crate) fn start_consumer(
        &self,
        subscriptions: Subscriptions,
        options: ConsumerOptions,
        stopping: &CancellationToken,
    ) {
        self.change(|hearing| *hearing = Hearing { subscriptions: subscriptions.clone(), consumes: true, ..*hearing });
        tokio::spawn(self.messaging.consumer(subscriptions).with_options(options).run(stopping.clone()));
    }

    /// Why it does not consume from the broker yet.
    pub(crate) fn not_consuming(&self) -> Option<String> {
        // Its relay has separate connections, so this one need not be ready to publish.
        self.messaging.check().err().filter(|why| why.contains("consuming: "))
    }

    fn hearing(&self) -> Hearing {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Hearing)) {
        change(&mut self.hearing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
