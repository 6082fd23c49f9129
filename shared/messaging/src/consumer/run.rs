//! Running a consumer: one session after the other, pauses during outages, and the maintenance of the tables.

use super::breaker::State;
use super::error::ConsumeError;
use super::outage::{self, Outage};
use super::parts::Consumer;
use super::session::Ended;
use crate::backoff::Backoff;
use crate::causes::chain;
use crate::dead_letters::sink::Sink;
use crate::maintenance;
use crate::metrics_help;
use crate::owner;
use crate::running::RunError;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

impl Consumer {
    /// Consumes until `stopping`, stores dead letters in the table `dead_letters`, and maintains the tables: partitions
    /// of the inbox, settled dead letters. Failures of the database and the broker are logged and retried.
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
            let outcome = running.watch(Box::pin(self.consume_all(&stopping)), &stopping).await;
            if let Err(failure) = &outcome {
                error!(error = %chain(failure), "the consumer stops: {failure}");
            }
            outcome
        })
    }

    async fn consume_all(&self, stopping: &CancellationToken) -> Result<(), RunError> {
        let sink = Sink::new(&self.origin, self.pool.clone(), self.letters.clone(), self.publish.clone());
        let letters = sink.run(stopping);
        let maintaining = maintenance::run_with(self.pool.clone(), self.options, stopping.clone());
        tokio::try_join!(self.run_sessions(stopping), letters.map(Ok), maintaining.map(Ok)).map(drop)
    }

    /// Runs one session after the other.
    async fn run_sessions(&self, stopping: &CancellationToken) -> Result<(), RunError> {
        let mut backoff = Backoff::for_connections();
        let mut forwarders = vec![];
        let mut is_owner = false;
        while !stopping.is_cancelled() {
            if let State::Open(outage) = self.breaker.state() {
                tokio::select! {
                    () = self.wait_out(&outage) => self.breaker.set(State::HalfOpen),
                    () = stopping.cancelled() => break,
                }
            }
            let owned = if is_owner { Ok(()) } else { self.claim_schema().await? };
            is_owner = owned.is_ok();
            let ended = match owned {
                Ok(()) => Box::pin(self.run_session(&mut forwarders, stopping, &mut backoff)).await,
                Err(failure) => Err(failure),
            };
            self.subscription_state.end();
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
            self.subscription_state.fail(&error);
            warn!(%error, wait_ms = wait.as_millis(), "the consumer's session ended, retrying: {error}");
            metrics::counter!("messaging_consumer_failures_total").increment(1);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
        }
        Ok(())
    }

    /// Claims the schema for this service, if it has no owner yet. The inner error is transient.
    async fn claim_schema(&self) -> Result<Result<(), ConsumeError>, RunError> {
        let claimed = async {
            let mut connection = self.pool.acquire().await?;
            owner::claim(&mut connection, &self.service).await
        };
        match claimed.await {
            Ok(None) => Ok(Ok(())),
            Ok(Some(owner)) => Err(RunError::SchemaOfAnother { service: self.service.to_string(), owner }),
            Err(failure) => Ok(Err(ConsumeError::Owner(failure))),
        }
    }

    /// Waits until it is useful to try an event.
    async fn wait_out(&self, outage: &Outage) {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
        tokio::time::sleep(backoff.next()).await;
        while outage.of_database && !outage::database_answers(&self.pool).await {
            tokio::time::sleep(backoff.next()).await;
        }
    }
}
