//! The messaging of one service, assembled for its `main`.

use crate::broker::{BrokerAddress, Link};
use crate::consumer::breaker::Breaker;
use crate::consumer::inbox_bindings::SubscriptionState;
use crate::consumer::subscriptions::Subscriptions;
use crate::consumer::{Consumer, ConsumerOptions, Links, Signs};
use crate::dead_letters::DeadLetters;
use crate::fanout::{Fanout, FanoutTasks};
use crate::probe::Probe;
use crate::propagation::{Ids, Tracing, trace_id};
use crate::relay::wake::Wake;
use crate::relay::{DatabaseProvider, Relay, RelayOptions};
use crate::running::Running;
use crate::topology::Topology;
use crate::transaction::{Origin, Transaction};
use sqlx::PgPool;
use std::sync::{Arc, OnceLock};

/// The messaging of one service; cheap to clone.
#[derive(Clone)]
pub struct Messaging {
    pub(crate) pool: PgPool,
    pub(crate) origin: Origin,
    publish: Link,
    consume: Link,
    letters: Link,
    subscription_state: SubscriptionState,
    topology: Arc<OnceLock<Topology>>,
    relay: RelayOptions,
    relaying: Running,
    consuming: Running,
    pub(crate) breaker: Breaker,
}

/// Maximum length of a service's name, in bytes.
const SERVICE_BYTES_MAX: usize = 200;

impl Messaging {
    /// The messaging of `service` (for example `orders`), whose tables `outbox` and `inbox` are on the pool's search
    /// path.
    ///
    /// It does not connect yet: a service can start while its database and broker are not available.
    ///
    /// # Panics
    /// If the name has more than 200 bytes: AMQP's names have 255, and those of the service's queues begin with it.
    pub fn new(service: &str, pool: PgPool, broker: impl Into<BrokerAddress>) -> Self {
        assert!(service.len() <= SERVICE_BYTES_MAX, "the service's name has more than {SERVICE_BYTES_MAX} bytes");
        let origin = Origin {
            service: service.into(),
            wake: Arc::new(Wake::default()),
            probe: Probe::default(),
            tracing: Arc::new(Ids),
            declares: true,
        };
        let [publish, consume, letters] = links(service, &broker.into());
        Self {
            pool,
            origin,
            publish,
            consume,
            letters,
            subscription_state: SubscriptionState::default(),
            topology: Arc::default(),
            relay: RelayOptions::default(),
            relaying: Running::default(),
            consuming: Running::default(),
            breaker: Breaker::new(ConsumerOptions::default().failing_max),
        }
    }

    /// Sets the relay's options; the default is [`RelayOptions::default`].
    #[must_use]
    pub fn with_relay_options(mut self, options: RelayOptions) -> Self {
        self.relay = options;
        self
    }

    /// Connects events to the traces of the program.
    #[must_use]
    pub fn with_tracing(mut self, tracing: impl Tracing) -> Self {
        self.origin.tracing = Arc::new(tracing);
        self
    }

    /// Declares no exchange, queue or binding: an administrator does, from
    /// [`Topology::definitions`](crate::topology::Topology::definitions), and the service's broker user needs no right
    /// to configure. At the start the service checks that the exchanges and queues exist.
    #[must_use]
    pub fn declaring_nothing(mut self) -> Self {
        self.origin.declares = false;
        self
    }

    /// Sets a listener for every step, for tests.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_probe(mut self, probe: Probe) -> Self {
        self.origin.probe = probe;
        self
    }

    /// Uses new connections to the broker: a process that replaces a crashed one has none of its connections. For
    /// tests.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_connections_to(mut self, broker: impl Into<BrokerAddress>) -> Self {
        [self.publish, self.consume, self.letters] = links(&self.origin.service, &broker.into());
        self
    }

    /// Begins a transaction that can publish events.
    ///
    /// # Errors
    /// Database errors.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        Transaction::begin(&self.pool, self.origin.clone()).await
    }

    /// The id of the current task's trace, according to [`Tracing`]; for logs and error responses.
    pub fn trace_id(&self) -> Option<String> {
        trace_id(&self.origin.tracing.current()?).map(str::to_owned)
    }

    /// The relay; run it once per process.
    pub fn relay(&self) -> Relay {
        self.relaying.made();
        Relay::new(
            self.origin.clone(),
            DatabaseProvider::of_pool(self.pool.clone()),
            self.publish.clone(),
            self.relay.clone(),
            self.relaying.clone(),
        )
    }

    /// The consumer; run it once per process.
    pub fn consumer(&self, subscriptions: Subscriptions) -> Consumer {
        self.consuming.made();
        self.topology.get_or_init(|| Topology::for_subscriptions(&self.origin.service, &subscriptions));
        let links =
            Links { consume: self.consume.clone(), letters: self.letters.clone(), publish: self.publish.clone() };
        let (subscription_state, breaker, running) =
            (self.subscription_state.clone(), self.breaker.clone(), self.consuming.clone());
        let signs = Signs { subscription_state, breaker, running };
        Consumer::new(self.pool.clone(), self.origin.clone(), links, subscriptions, signs)
    }

    /// What this release of the service declares on the broker; before [`Messaging::consumer`] was called, and if the
    /// service consumes nothing, only the exchange for its own events.
    pub fn topology(&self) -> Topology {
        self.topology.get().cloned().unwrap_or_else(|| Topology::publishing(&self.origin.service))
    }

    /// The dead letters of this service, to read and to settle.
    pub fn dead_letters(&self) -> DeadLetters {
        DeadLetters::new(self.pool.clone(), self.origin.clone())
    }

    /// Notifications between replicas, over the exchange `<service>.<topic>`.
    pub fn fanout(&self, topic: &str) -> (Fanout, FanoutTasks) {
        let exchange = format!("{}.{topic}", self.origin.service);
        Fanout::new(exchange, self.publish.clone(), self.consume.clone())
    }

    /// Whether the broker accepts and delivers messages, for `/readyz`. Checks the relay and the consumer, if they were
    /// created. One that was created and does not run, or has ended, is not ready.
    ///
    /// # Errors
    /// The reasons, for the readiness report.
    pub fn check(&self) -> Result<(), String> {
        let publishing =
            self.relaying.check().and_then(|()| if self.relaying.is_created() { self.publish.check() } else { Ok(()) });
        let consuming = self.consuming.check().and_then(|()| {
            if !self.consuming.is_created() {
                return Ok(());
            }
            self.breaker
                .check()
                .and_then(|()| self.subscription_state.check_failure())
                .and_then(|()| self.consume.check())
                .and_then(|()| self.subscription_state.check())
        });
        let publishing = publishing.map_err(|why| format!("publishing: {why}"));
        let consuming = consuming.map_err(|why| format!("consuming: {why}"));
        match (publishing, consuming) {
            (Ok(()), Ok(())) => Ok(()),
            (Err(why), Ok(())) | (Ok(()), Err(why)) => Err(why),
            (Err(one), Err(other)) => Err(format!("{one}; {other}")),
        }
    }
}

/// The connections: to publish, for the inbox and for dead letters.
fn links(service: &str, broker: &BrokerAddress) -> [Link; 3] {
    [
        Link::to_publish(broker.clone(), format!("{service}: publish")),
        Link::to_consume(broker.clone(), format!("{service}: consume")),
        Link::to_consume(broker.clone(), format!("{service}: dead letters")),
    ]
}
