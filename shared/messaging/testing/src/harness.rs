//! The environment of a test: a database, a virtual host, and the services in them.

use crate::crash::At;
use crate::database::{Database, Template, install};
use crate::servers::Servers;
use crate::service::Service;
use crate::spy::Spy;
use crate::virtual_host::VirtualHost;
use crate::waiting::{Seen, wait};
use rabbit_outbox::{CancellationToken, ConsumerOptions, Messaging, Subscriptions};
use sqlx::PgPool;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Time limit of assertions: long enough for a loaded machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Services with a database and a virtual host that no other test uses; dropping it stops them and deletes both.
pub struct Harness {
    services: Mutex<BTreeMap<String, Arc<Service>>>,
    stopping: CancellationToken,
    limit: Duration,
    pub(crate) spy: Spy,
    pub(crate) ledger: PgPool,
    database: Database,
    broker: VirtualHost,
}

impl Harness {
    /// Creates an empty database and an empty virtual host on the servers that the environment names.
    ///
    /// # Panics
    /// If a variable is missing, or a server refuses.
    pub async fn start() -> Self {
        Self::prepared("", async |_| {}).await
    }

    /// Same as [`Harness::start`], with schemas and tables that exist from the beginning: `prepare` creates them in a
    /// template, once for each `fingerprint` and version of this crate, and every test gets a copy.
    ///
    /// The fingerprint must change whenever the result of `prepare` does: use a hash of the migrations.
    ///
    /// # Panics
    /// Same as [`Harness::start`].
    pub async fn prepared(fingerprint: &str, prepare: impl AsyncFnOnce(&Template)) -> Self {
        let servers = Servers::named_by_the_environment();
        let (database, broker) =
            tokio::join!(Database::copied(&servers.database, fingerprint, prepare), VirtualHost::create(&servers));
        let spy = Spy::at(broker.url()).await.unwrap_or_else(|failure| panic!("look at the broker: {failure}"));
        let ledger = database.pool("messaging_testing");
        let (services, stopping) = (Mutex::default(), CancellationToken::new());
        Self { services, stopping, limit: LIMIT, spy, ledger, broker, database }
    }

    /// Sets the time limit of assertions; the default is 20 s.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The messaging of a service, in a schema of the same name with all messaging tables; nothing of it runs yet.
    ///
    /// # Panics
    /// If the name is not a plain lower-case word, or the database refuses.
    pub async fn service(&self, service: &str) -> Messaging {
        self.known(service).await.messaging.clone()
    }

    /// A pool on the service's schema, to create and read tables.
    ///
    /// # Panics
    /// Same as [`Harness::service`].
    pub async fn pool(&self, service: &str) -> PgPool {
        self.known(service).await.pool.clone()
    }

    /// The URL of the test's virtual host, for the test's own programs and clients.
    pub fn amqp_url(&self) -> &str {
        self.broker.url()
    }

    /// Runs a service, relay and consumer; returns when it consumes.
    ///
    /// # Panics
    /// If it already runs, or does not start to consume.
    #[track_caller]
    pub fn run(&self, service: &str, subscriptions: Subscriptions) -> impl Future<Output = ()> {
        self.run_with(service, subscriptions, ConsumerOptions::default())
    }

    /// Same as [`Harness::run`], with options of the consumer.
    ///
    /// # Panics
    /// Same as [`Harness::run`].
    #[track_caller]
    pub fn run_with(
        &self,
        service: &str,
        subscriptions: Subscriptions,
        options: ConsumerOptions,
    ) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let known = self.known(service).await;
            let producers = subscriptions.wire_types().into_iter().map(rabbit_outbox_event::producer);
            for exchange in producers.chain([service]) {
                self.spy.declare_exchange(exchange).await.unwrap_or_else(|failure| {
                    panic!("{at}: declare the exchange {exchange}: {failure}");
                });
            }
            known.start_relay(self.broker.url(), &self.stopping);
            known.start_consumer(subscriptions, options, &self.stopping);
            wait(LIMIT, at, async || match known.not_consuming() {
                None => Seen::Holds,
                Some(why) => Seen::NotYet(format!("`{service}` does not consume: {why}")),
            })
            .await;
        }
    }

    /// Sets which handlers [`Harness::deliver`] uses for a service; nothing is started, and the broker is not used.
    ///
    /// # Panics
    /// Same as [`Harness::service`].
    pub async fn subscribe(&self, service: &str, subscriptions: Subscriptions) {
        self.known(service).await.subscribe(subscriptions);
    }

    /// The former name of [`Harness::subscribe`].
    ///
    /// # Panics
    /// Same as [`Harness::service`].
    #[deprecated(since = "0.2.0", note = "renamed to `subscribe`")]
    pub async fn hear(&self, service: &str, subscriptions: Subscriptions) {
        self.subscribe(service, subscriptions).await;
    }

    /// Plans a crash of a service's relay: when it reaches the step next, its task and its connections end there, and
    /// another relay starts. [`Harness::assert_relay_crashed`] waits for it.
    ///
    /// Returns when nothing is in flight, so the crash affects what is appended next.
    ///
    /// # Panics
    /// If the service's relay does not run, or does not become idle.
    #[track_caller]
    pub fn crash_relay(&self, service: &str, step: At) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            let known = self.known(service).await;
            assert!(known.relays(), "{at}: the relay of `{service}` does not run: nothing could crash");
            self.wait(at, async || {
                // Rows that wait for another attempt are in lanes below 0.
                let on_its_way = sqlx::query_scalar::<_, i64>("select count(*) from outbox where lane >= 0");
                match on_its_way.fetch_one(&known.pool).await {
                    Ok(0) => Seen::Holds,
                    Ok(rows) => Seen::NotYet(format!("{rows} events of `{service}` are in flight")),
                    Err(failure) => Seen::Never(format!("look into the outbox of `{service}`: {failure}")),
                }
            })
            .await;
            known.crashes.plan(step);
        }
    }

    /// Waits until `look` returns `expected`.
    ///
    /// # Panics
    /// If it does not within the time limit; shows the last value.
    #[track_caller]
    pub fn eventually<T: PartialEq + Debug>(
        &self,
        expected: T,
        mut look: impl AsyncFnMut() -> T,
    ) -> impl Future<Output = ()> {
        let at = Location::caller();
        async move {
            self.wait(at, async || {
                let seen = look().await;
                if seen == expected { Seen::Holds } else { Seen::NotYet(format!("{seen:?} instead of {expected:?}")) }
            })
            .await;
        }
    }

    pub(crate) async fn wait(&self, at: &Location<'_>, look: impl AsyncFnMut() -> Seen) {
        wait(self.limit, at, look).await;
    }

    /// All services so far.
    pub(crate) async fn services(&self) -> Vec<Arc<Service>> {
        self.services.lock().await.values().cloned().collect()
    }

    pub(crate) async fn known(&self, service: &str) -> Arc<Service> {
        let mut services = self.services.lock().await;
        if let Some(known) = services.get(service) {
            return Arc::clone(known);
        }
        let pool = self.database.pool(service);
        install(&pool, service).await;
        let known = Arc::new(Service::new(service, pool, self.broker.url(), self.spy.published_log()));
        services.insert(service.to_owned(), Arc::clone(&known));
        known
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.stopping.cancel();
        let deletions: [std::thread::JoinHandle<()>; 2] =
            [std::thread::spawn(self.broker.deletion()), std::thread::spawn(self.database.deletion())];
        for deletion in deletions {
            // A failed test reports its own error; left-over databases do not matter then.
            let _ = deletion.join();
        }
    }
}
