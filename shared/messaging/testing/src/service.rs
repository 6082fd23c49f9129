//! One service of a test.

use crate::crash::{Crashes, relay};
use crate::spy::PublishedLog;
use rabbit_outbox::{CancellationToken, ConsumerOptions, Messaging, Subscriptions};
use sqlx::PgPool;
use std::sync::{Arc, Mutex, PoisonError};

/// A service with its own schema, and the running parts of it.
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) messaging: Messaging,
    pub(crate) pool: PgPool,
    pub(crate) crashes: Arc<Crashes>,
    run_state: Mutex<RunState>,
}

/// The subscriptions of a service.
#[derive(Clone, Default)]
struct RunState {
    subscriptions: Subscriptions,
    /// Whether it consumes from the broker.
    consumes: bool,
    relays: bool,
}

impl Service {
    pub(crate) fn new(name: &str, pool: PgPool, amqp_url: &str, published_log: PublishedLog) -> Self {
        let messaging = Messaging::new(name, pool.clone(), amqp_url);
        Self {
            name: name.to_owned(),
            messaging,
            pool,
            crashes: Crashes::none(published_log),
            run_state: Mutex::default(),
        }
    }

    /// The subscriptions, from the broker or for direct deliveries.
    pub(crate) fn subscriptions(&self) -> Subscriptions {
        self.run_state().subscriptions
    }

    /// The wire types that it consumes from the broker.
    pub(crate) fn consumed(&self) -> Vec<&'static str> {
        let run_state = self.run_state();
        if run_state.consumes { run_state.subscriptions.wire_types() } else { vec![] }
    }

    /// Whether its relay runs.
    pub(crate) fn relays(&self) -> bool {
        self.run_state().relays
    }

    /// Sets the subscriptions for direct deliveries.
    pub(crate) fn subscribe(&self, subscriptions: Subscriptions) {
        self.change(|run_state| run_state.subscriptions = subscriptions);
    }

    /// Starts its relay.
    ///
    /// # Panics
    /// If it already runs.
    pub(crate) fn start_relay(&self, amqp_url: &str, stopping: &CancellationToken) {
        assert!(!self.relays(), "the relay of `{}` is already running", self.name);
        self.change(|run_state| run_state.relays = true);
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
        self.change(|run_state| {
            *run_state = RunState { subscriptions: subscriptions.clone(), consumes: true, ..*run_state }
        });
        tokio::spawn(self.messaging.consumer(subscriptions).with_options(options).run(stopping.clone()));
    }

    /// Why it does not consume from the broker yet.
    pub(crate) fn not_consuming(&self) -> Option<String> {
        // Its relay has separate connections, so this one need not be ready to publish.
        self.messaging.check().err().filter(|why| why.contains("consuming: "))
    }

    fn run_state(&self) -> RunState {
        self.run_state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut RunState)) {
        change(&mut self.run_state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
