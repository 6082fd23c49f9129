//! Delivering events without a broker, for tests and tools.

use super::batch::{Disposition, Worker};
use super::breaker::Breaker;
use super::incoming::Arrived;
use super::ladder::Fate;
use super::limits::StatementLimit;
use super::subscriptions::Subscriptions;
use crate::ConsumerOptions;
use crate::dead_letters::store_undelivered;
use crate::service::Messaging;
use lapin::BasicProperties;
use tokio_util::sync::CancellationToken;

/// The result of such a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Its effect is committed, now or by an earlier delivery.
    Done,
    /// It failed for now: a broker would deliver it again after this delay, `1s` to `2m`.
    Again(&'static str),
    /// It failed for this reason and is a dead letter.
    GivenUp(String),
    /// Something that handlers need is not available; undecided.
    Undecided,
}

impl Messaging {
    /// Handles messages as if they had arrived together from the broker: the same inbox, the same transaction for all,
    /// the same immediate attempts. Each body is an event in its envelope. Later retries are left to the caller.
    ///
    /// # Errors
    /// Database errors, if a dead letter could not be stored.
    pub async fn deliver(
        &self,
        subscriptions: &Subscriptions,
        bodies: &[&[u8]],
    ) -> Result<Vec<Delivered>, sqlx::Error> {
        let worker = Worker {
            pool: self.pool.clone(),
            origin: self.origin.clone(),
            subscriptions: subscriptions.clone(),
            breaker: Breaker::new(ConsumerOptions::default().failing_max),
            options: ConsumerOptions::default(),
            stopping: CancellationToken::new(),
            statement_limit: StatementLimit::default(),
        };
        let properties = BasicProperties::default();
        let arrived: Vec<Arrived<'_>> = bodies.iter().map(|body| Arrived::of(body, &properties, "", "")).collect();
        let mut delivered = vec![];
        for (body, disposition) in bodies.iter().zip(worker.handle(&arrived).await) {
            delivered.push(match disposition {
                Disposition::Done => Delivered::Done,
                Disposition::Failed(Fate::Rung(rung, _)) => Delivered::Again(rung),
                Disposition::Failed(Fate::Dead(history)) => {
                    let reason = history.last_error.clone().unwrap_or_default();
                    store_undelivered(&self.pool, body, history).await?;
                    Delivered::GivenUp(reason)
                }
                Disposition::Outage(_) | Disposition::Unsettled => Delivered::Undecided,
            });
        }
        Ok(delivered)
    }
}
