//! The relay: takes committed events from the outbox to RabbitMQ, each lane in order, each event at least once.
//!
//! Replicas share the lanes: each lane belongs to the one database session that holds its advisory lock, and rows are
//! read on that very session, so a relay that lost its lock can't read. A row is deleted when RabbitMQ has confirmed
//! the message and has not returned it. A crash anywhere leaves the row; it is published again with the same message
//! id, and the consumer's inbox drops the repeat.

mod publisher;
mod session;
mod window;

use crate::backoff::Backoff;
use crate::broker::{BrokerError, Link};
use crate::probe::{Probe, Step};
use publisher::Publisher;
use session::{Row, Session};
use sqlx::postgres::PgConnectOptions;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Messages that may be unconfirmed at a time. Measured: beyond 256 only the latency grows.
pub(crate) const WINDOW_ROWS: usize = 128;
/// Rows read of one lane at a time.
const LANE_ROWS: i64 = 128;
/// Longest sleep while nothing wakes the relay; also keeps the session alive.
const POLL: Duration = Duration::from_secs(1);

/// Why a session of the relay ended; the next one begins after a pause.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The session that holds the lanes broke: they belong to another relay now.
    #[error("{doing} on the relay's session")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// The database's error.
        source: sqlx::Error,
    },
    /// There is no channel.
    #[error("reach the broker")]
    Broker(#[source] BrokerError),
    /// The channel broke with messages on it.
    #[error("publish")]
    Publish(#[source] lapin::Error),
    /// The broker did not confirm in time; the messages may or may not have arrived.
    #[error("wait for confirms within {} s", publisher::CONFIRM_TIMEOUT.as_secs())]
    ConfirmTimeout,
    /// The channel is not in confirm mode: an acknowledgement would mean nothing.
    #[error("the channel does not confirm")]
    Unconfirmed,
    /// The database is a standby, where nothing can be deleted.
    #[error("the database is read-only")]
    ReadOnly,
}

/// The relay of one service.
pub struct Relay {
    service: Arc<str>,
    database: PgConnectOptions,
    link: Link,
    wake: Arc<Notify>,
    probe: Probe,
}

impl Relay {
    pub(crate) fn new(
        service: Arc<str>,
        database: PgConnectOptions,
        link: Link,
        wake: Arc<Notify>,
        probe: Probe,
    ) -> Self {
        Self { service, database, link, wake, probe }
    }

    /// Relays until `stopping`; failures are logged, waited out and survived.
    ///
    /// # Errors
    /// None: it outlives every failure of the database and the broker.
    pub async fn run(self, stopping: CancellationToken) -> Result<(), std::convert::Infallible> {
        let mut backoff = Backoff::for_connections();
        while !stopping.is_cancelled() {
            let Err(failure) = self.run_session(&stopping, &mut backoff).await else { break };
            let wait = backoff.next();
            let error = crate::consumer::handler::chain(&failure);
            warn!(%error, wait_ms = wait.as_millis(), "the relay pauses: {error}");
            metrics::counter!("messaging_relay_failures_total").increment(1);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
        }
        Ok(())
    }

    /// From taking lanes to losing or giving them up.
    async fn run_session(&self, stopping: &CancellationToken, backoff: &mut Backoff) -> Result<(), RelayError> {
        let mut session = Session::open(&self.database, &self.service).await?;
        let mut publisher = Publisher::open(&self.link, &self.service).await?;
        info!("the relay is connected");
        while !stopping.is_cancelled() {
            session.share_lanes().await?;
            let rows = session.read(LANE_ROWS).await?;
            if rows.is_empty() {
                // `notify_one` keeps its permit while nobody waits: an event committed during the read is not missed.
                tokio::select! {
                    () = self.wake.notified() => {}
                    () = tokio::time::sleep(POLL) => {}
                    () = stopping.cancelled() => {}
                }
                continue;
            }
            self.probe.reached(Step::RelayRead);
            for window in rows.chunks(WINDOW_ROWS) {
                self.relay_window(&mut session, &mut publisher, window).await?;
            }
            backoff.reset();
        }
        session.close().await;
        Ok(())
    }

    /// Publishes one window, waits for all its confirms, and settles every row by its own outcome.
    async fn relay_window(
        &self,
        session: &mut Session,
        publisher: &mut Publisher,
        rows: &[Row],
    ) -> Result<(), RelayError> {
        let outcome = publisher.publish(rows, &self.probe, session.keep_alive()).await?;
        self.probe.reached(Step::RelayConfirmed);
        session.settle(rows, &outcome).await?;
        self.probe.reached(Step::RelayDeleted);
        Ok(())
    }
}
