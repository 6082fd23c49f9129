//! The circuit breaker: while something that all handlers need is not available, messages stay in the broker.
//!
//! Closed: everything is consumed. Open: nothing is consumed; prefetched messages are returned to the queue, once. Half
//! open: one event is taken and tried without returning it until it succeeds, which closes the breaker.
//!
//! This also keeps delivery counts low under the rules of all RabbitMQ versions: 3.10 counts every return of a message,
//! 4.3 counts rejections but neither `basic.nack` nor a closed channel. An outage costs a message at most one return,
//! however long it lasts. The code here reads no count; the queue's `x-delivery-limit` only stops messages that crash
//! the process again and again.

use super::outage::Outage;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::{info, warn};
use uuid::Uuid;

/// The state of the breaker; cheap to clone.
#[derive(Clone)]
pub(crate) struct Breaker {
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    state: State,
    /// Events that failed since the last success.
    failing: HashSet<Uuid>,
    failing_max: usize,
}

/// The state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Closed: everything is consumed.
    Closed,
    /// Open: nothing is consumed, for this reason.
    Open(Outage),
    /// Half open: one event at a time, as a test.
    HalfOpen,
}

impl Breaker {
    /// A closed breaker that opens after `failing_max` different events in a row failed.
    pub(crate) fn new(failing_max: usize) -> Self {
        let inner = Inner { state: State::Closed, failing: HashSet::new(), failing_max: failing_max.max(1) };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Sets how many different failing events in a row count as an outage.
    pub(crate) fn limit(&self, failing_max: usize) {
        self.lock().failing_max = failing_max.max(1);
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state.clone()
    }

    /// An event was handled, or rejected because of its contents.
    pub(crate) fn worked(&self) {
        self.lock().failing.clear();
    }

    /// All attempts of an event failed while the database was available. Returns an outage if too many events failed.
    pub(crate) fn failed(&self, event_id: Uuid, why: &str) -> Option<Outage> {
        let mut inner = self.lock();
        inner.failing.insert(event_id);
        let trips = inner.failing.len() >= inner.failing_max || inner.state != State::Closed;
        let why = || format!("{} different events in a row failed, the last one: {why}", inner.failing.len());
        trips.then(|| Outage { why: why(), of_database: false })
    }

    pub(crate) fn set(&self, state: State) {
        let mut inner = self.lock();
        if inner.state == state {
            return;
        }
        metrics::gauge!("messaging_breaker_open").set(match &state {
            State::Closed => 0.0,
            State::HalfOpen => 0.5,
            State::Open(_) => 1.0,
        });
        match &state {
            State::Closed => info!("the consumer consumes again"),
            State::HalfOpen => info!("the consumer tries one event"),
            State::Open(outage) => {
                warn!(why = outage.why, "the consumer pauses and leaves messages in the broker: {}", outage.why);
            }
        }
        if state == State::Closed {
            inner.failing.clear();
        }
        inner.state = state;
    }

    /// Whether messages are consumed, for `/readyz`. Half open counts as yes: on a quiet queue that state can last
    /// long.
    ///
    /// # Errors
    /// Why they are not.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.state() {
            State::Closed | State::HalfOpen => Ok(()),
            State::Open(outage) => Err(format!("paused, {}", outage.why)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn one_event_that_fails_again_and_again_is_not_an_outage() {
        let breaker = Breaker::new(2);
        assert!((0..10).all(|_| breaker.failed(id(1), "no").is_none()));
        assert!(breaker.failed(id(2), "no").is_some());
    }

    #[test]
    fn a_success_in_between_starts_the_count_anew() {
        let breaker = Breaker::new(2);
        assert_eq!(breaker.failed(id(1), "no"), None);
        breaker.worked();
        assert_eq!(breaker.failed(id(2), "no"), None);
    }

    #[test]
    fn while_one_event_is_tried_its_failure_is_enough() {
        let breaker = Breaker::new(10);
        breaker.set(State::HalfOpen);
        assert!(breaker.failed(id(1), "no").is_some());
    }

    #[test]
    fn readiness_names_the_outage() {
        let breaker = Breaker::new(2);
        assert_eq!(breaker.check(), Ok(()));
        breaker.set(State::Open(Outage { why: "no light".into(), of_database: false }));
        assert_eq!(breaker.check(), Err("paused, no light".into()));
    }
}
