//! A service: its connections, its tasks and its HTTP server.

use crate::app::with_common_routes;
use crate::config::ServiceConfig;
use crate::start_error::StartError;
use axum::Router;
use futures_util::future::BoxFuture;
use http_server::readiness::Readiness;
use http_server::serve::{self, Listener};
use identity::InternalAuth;
use metrics_exporter_prometheus::PrometheusHandle;
use postgres::idempotency;
use process::{Process, Shutdown};
use rabbit_outbox::consumer::Consumer;
use rabbit_outbox::{ConsumerOptions, Messaging, Subscriptions};
use sqlx::PgPool;
use std::error::Error;
use std::net::SocketAddr;
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Starts a task; called once the service listens.
type Start = Box<dyn FnOnce(&Process) + Send>;

/// A service that is being put together. [`Service::serve`] runs it.
pub struct Service {
    name: &'static str,
    /// Opened first, so that a service that can't start has not written anything yet.
    listener: Listener,
    internal_auth: InternalAuth,
    config: ServiceConfig,
    process: Process,
    metrics: PrometheusHandle,
    database: PgPool,
    messaging: Messaging,
    consumer: Option<Consumer>,
    readiness: Readiness,
    tasks: Vec<Start>,
}

impl Service {
    /// Starts logs and metrics, opens the address, and prepares the connections. Nothing connects yet: a service also
    /// starts while the database or the broker is away.
    ///
    /// Call it first: after it, the configuration of all services is known to be right. Clients that connect before
    /// [`Service::serve`] wait.
    ///
    /// `name` is the name of its schema and its exchange, and the prefix of its queues. For the gateway, the service is
    /// `{name}-service`.
    ///
    /// # Errors
    /// [`StartError`] if the configuration is wrong, the address cannot be listened on, or telemetry cannot be started.
    pub fn new(name: &'static str, listen_addr: SocketAddr, config: &ServiceConfig) -> Result<Self, StartError> {
        let metrics = telemetry::start(&config.process.telemetry)?;
        let internal_auth = config.internal_auth.build(&format!("{name}-service"), listen_addr)?;
        let config = config.with_authorities()?;
        let tls = config.listen_tls.build(&[("LISTEN_ADDR", listen_addr)])?;
        let listener = Listener { tcp: serve::listen(listen_addr)?, tls };
        let database = postgres::pool(&config.postgres, name)?;
        let messaging =
            Messaging::new(name, database.clone(), config.amqp_url.as_str()).with_tracing(trace::Propagation);
        let readiness = Readiness::default().check("database", {
            let database = database.clone();
            move || postgres::check(database.clone())
        });
        Ok(Self {
            name,
            listener,
            internal_auth,
            config,
            process: Process::default(),
            metrics,
            database,
            messaging,
            consumer: None,
            readiness,
            tasks: vec![],
        })
    }

    /// The primary database.
    pub fn database(&self) -> PgPool {
        self.database.clone()
    }

    /// Read-only connections to a replica if `DATABASE_READ_URL` names one, else to the database. A replica lags behind.
    ///
    /// # Errors
    /// [`StartError`] if the client library refuses the URL.
    pub fn replica(&self) -> Result<PgPool, StartError> {
        Ok(postgres::read_pool(&self.config.postgres, self.name)?)
    }

    /// The messaging client.
    pub fn messaging(&self) -> Messaging {
        self.messaging.clone()
    }

    /// Cancelled when the service has to stop.
    pub fn stopping(&self) -> CancellationToken {
        self.process.stopping()
    }

    /// Handles events.
    #[must_use]
    pub fn consume(mut self, subscriptions: Subscriptions, options: ConsumerOptions) -> Self {
        self.consumer = Some(self.messaging.consumer(subscriptions).with_options(options));
        self
    }

    /// Is ready only while the broker accepts and delivers messages.
    #[must_use]
    pub fn ready_with_broker(self) -> Self {
        let messaging = self.messaging.clone();
        self.ready_if("broker", move || messaging.check())
    }

    /// Is ready only while `check` succeeds. It runs for every probe, so it must be cheap.
    #[must_use]
    pub fn ready_if(
        mut self,
        name: &'static str,
        check: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.readiness = self.readiness.check(name, move || std::future::ready(check()));
        self
    }

    /// Runs a task until [`Service::stopping`]; if it fails or ends before, the service stops.
    #[must_use]
    pub fn task<F, E>(mut self, name: &'static str, task: F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Error + Send + 'static,
    {
        self.tasks.push(Box::new(move |process| process.run(name, task)));
        self
    }

    /// Runs a task that ends when its work is done; if it fails, the service stops.
    #[must_use]
    pub fn task_once<F, E>(mut self, name: &'static str, task: F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Error + Send + 'static,
    {
        self.tasks.push(Box::new(move |process| process.run_once(name, task)));
        self
    }

    /// Deletes stored responses to requests with an idempotency key when they are old. Needs the table
    /// `idempotency_keys`.
    #[must_use]
    pub fn with_idempotency_keys(self) -> Self {
        let task = idempotency::delete_expired_until(self.database(), self.stopping());
        self.task("idempotency maintenance", task)
    }

    /// Serves `routes` with the [common ones](with_common_routes), publishes and handles events and runs the
    /// tasks, until a signal arrives or a task fails.
    ///
    /// # Errors
    /// [`StartError`] if signals cannot be received.
    pub async fn serve(self, routes: Router) -> Result<Shutdown, StartError> {
        self.serve_boxed(routes).await
    }

    /// Boxed here, so that the server, the relay and the consumer are compiled in this crate and not in each service.
    fn serve_boxed(self, routes: Router) -> BoxFuture<'static, Result<Shutdown, StartError>> {
        Box::pin(self.serve_until_shutdown(routes))
    }

    async fn serve_until_shutdown(self, routes: Router) -> Result<Shutdown, StartError> {
        let Self {
            name,
            listener,
            internal_auth,
            config,
            process,
            metrics,
            database,
            messaging,
            consumer,
            readiness,
            tasks,
        } = self;
        let served = with_common_routes(routes, internal_auth, readiness, metrics);
        if let Ok(address) = listener.tcp.local_addr() {
            info!(%address, "{name}-service is listening on {address}");
        }

        let stopping = process.stopping();
        process.run("http", serve::serve(listener, served, stopping.clone()));
        process.run("relay", messaging.relay().run(stopping.clone()));
        match consumer {
            Some(consumer) => process.run("consumer", consumer.run(stopping)),
            // A consumer maintains the tables of messaging itself.
            None => process.run("inbox maintenance", rabbit_outbox::maintenance::run(database, stopping)),
        }
        for start in tasks {
            start(&process);
        }
        process.run_until_shutdown(config.process.shutdown_timeout()).await.map_err(StartError::Signals)
    }
}
