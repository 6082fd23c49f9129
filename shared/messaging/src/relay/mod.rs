//! The relay: publishes committed events from the outbox to RabbitMQ, each lane in order, each event at least once.
//!
//! Replicas share the lanes: each lane belongs to the one database session that holds its advisory lock, and rows are
//! read on that same session, so a relay that lost its lock can't read. A row is deleted when RabbitMQ has confirmed
//! the message and has not returned it. A crash at any point leaves the row; it is published again with the same
//! message id, and the consumer's inbox drops the duplicate.
//!
//! Three parts run concurrently: the reader reads ahead, two publishers each have a sliding window of unconfirmed
//! messages at the broker, and the settler deletes confirmed rows. Rows flow in that order:
//!
//! ```text
//! session -> reader -> queue -> publisher -> settler -> deleted | waits in the lane's shadow | parked
//!              ^                    gate: closed routes, held keys                |
//!              └────────────────────────── when it is due again ──────────────────┘
//! ```

pub(crate) mod wake;

mod reader;
mod reader_state;
mod sweeps;

mod chores;
mod database;
mod due;
mod error;
mod listener;
mod measure;
mod reading;
mod session;

mod flight;
mod gate;
mod queue;
mod row;
mod shared;
mod span;

mod confirming;
mod confirms;
mod publisher;
mod publishing;
mod verdict;

mod settler;

mod options;

pub use database::DatabaseProvider;
pub use options::RelayOptions;

use crate::backoff::Backoff;
use crate::broker::Link;
use crate::metrics_help;
use crate::owner;
use crate::running::{RunError, Running};
use crate::transaction::Origin;
use error::{RelayError, doing};
use futures_util::future::BoxFuture;
use publisher::Publisher;
use publishing::Publishing;
use reader_state::Reader;
use session::Session;
use settler::Settler;
use shared::Shared;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// Capacity of the queue of settlements; a publisher waits when it is full.
const SETTLEMENTS_MAX: usize = 64;
/// A session that lasted at least this long counts as successful, even if there was nothing to publish.
const WELL_AFTER: Duration = Duration::from_secs(10);

/// The relay of one service.
pub struct Relay {
    origin: Origin,
    database: DatabaseProvider,
    link: Link,
    options: RelayOptions,
    running: Running,
}

impl Relay {
    pub(crate) fn new(
        origin: Origin,
        database: DatabaseProvider,
        link: Link,
        options: RelayOptions,
        running: Running,
    ) -> Self {
        Self { origin, database, link, options, running }
    }

    /// Uses other connections than the pool's. Needed behind a transaction pooler: the advisory locks of lanes need an
    /// address that bypasses it.
    #[must_use]
    pub fn with_database(mut self, database: DatabaseProvider) -> Self {
        self.database = database;
        self
    }

    /// Relays until `stopping`; failures are logged and retried.
    ///
    /// # Errors
    /// [`RunError`] if it can never work with its setup.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), RunError> {
        self.run_boxed(stopping).await
    }

    /// Boxed here, so that it is compiled in this crate and not in each that calls it.
    fn run_boxed(self, stopping: CancellationToken) -> BoxFuture<'static, Result<(), RunError>> {
        Box::pin(async move {
            metrics_help::describe();
            let running = self.running.clone();
            let outcome = running.watch(Box::pin(self.relay(&stopping)), &stopping).await;
            if let Err(failure) = &outcome {
                error!(error = %crate::causes::chain(failure), "the relay stops: {failure}");
            }
            outcome
        })
    }

    async fn relay(&self, stopping: &CancellationToken) -> Result<(), RunError> {
        let mut backoff = Backoff::for_connections();
        while !stopping.is_cancelled() {
            let shared = Arc::new(Shared::new(
                self.options.clone(),
                self.origin.probe.clone(),
                Arc::clone(&self.origin.tracing),
            ));
            let started = Instant::now();
            let ended = Box::pin(self.run_session(&shared, stopping)).await;
            measure::own_nothing();
            let failure = match ended {
                Ok(()) => break,
                Err(RelayError::SchemaOfAnother { owner }) => {
                    let service = self.origin.service.to_string();
                    return Err(RunError::SchemaOfAnother { service, owner });
                }
                Err(failure) => failure,
            };
            if shared.has_made_progress() || started.elapsed() >= WELL_AFTER {
                backoff.reset();
            }
            let wait = backoff.next();
            let error = crate::causes::chain(&failure);
            self.running.fails(&error);
            warn!(%error, wait_ms = wait.as_millis(), "the relay's session ended, retrying: {error}");
            metrics::counter!("messaging_relay_failures_total").increment(1);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
        }
        Ok(())
    }

    /// From taking lanes to losing or releasing them.
    async fn run_session(&self, shared: &Arc<Shared>, stopping: &CancellationToken) -> Result<(), RelayError> {
        let (service, database) = (self.origin.service.as_ref(), &self.database);
        // Connect to the broker first: a relay that registers and can't publish would keep lanes from others.
        let one = Publisher::open(&self.link, service).await?;
        let other = Publisher::open(&self.link, service).await?;
        let settler = Settler::open(database, service, Arc::clone(shared)).await?;
        let mut session = Session::open(database, service, Arc::clone(shared)).await?;
        let owner =
            owner::claim(&mut session.connection, service).await.map_err(doing("read the owner of the schema"))?;
        if let Some(owner) = owner {
            return Err(RelayError::SchemaOfAnother { owner });
        }
        self.running.works();
        info!("the relay is connected");
        let (settlements, to_settle) = mpsc::channel(SETTLEMENTS_MAX);
        let channel = session.channel().to_owned();
        let one = Publishing::new(shared, 0, one, settlements.clone());
        let other = Publishing::new(shared, 1, other, settlements);
        let reader = Reader::new(session, Arc::clone(shared), Arc::clone(&self.origin.wake));
        // All in one task: when one part ends, the others end too, with everything they hold.
        tokio::select! {
            ended = reader.run(stopping) => ended,
            failure = one.run() => Err(failure),
            failure = other.run() => Err(failure),
            failure = settler.run(to_settle) => Err(failure),
            never = listener::listen_for_ever(database, service, &channel, &self.origin.wake) => match never {},
        }
    }
}
