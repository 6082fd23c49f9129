//! What a consumer consists of.

use super::breaker::Breaker;
use super::forward::Forwarder;
use super::inbox_bindings::SubscriptionState;
use super::options::ConsumerOptions;
use super::subscriptions::Subscriptions;
use crate::broker::Link;
use crate::running::Running;
use crate::transaction::Origin;
use sqlx::PgPool;
use std::sync::Arc;

/// The consumer of one service. [`Consumer::run`] runs it.
pub struct Consumer {
    pub(super) service: Arc<str>,
    pub(super) pool: PgPool,
    pub(super) origin: Origin,
    pub(super) consume: Link,
    pub(super) letters: Link,
    pub(super) publish: Link,
    pub(super) subscriptions: Subscriptions,
    pub(super) subscription_state: SubscriptionState,
    pub(super) breaker: Breaker,
    pub(super) running: Running,
    pub(super) options: ConsumerOptions,
}

/// The connections of a consumer.
pub(crate) struct Links {
    pub(crate) consume: Link,
    pub(crate) letters: Link,
    pub(crate) publish: Link,
}

/// The state of a consumer that other parts may read.
pub(crate) struct Signs {
    pub(crate) subscription_state: SubscriptionState,
    pub(crate) breaker: Breaker,
    pub(crate) running: Running,
}

impl Consumer {
    pub(crate) fn new(pool: PgPool, origin: Origin, links: Links, subscriptions: Subscriptions, signs: Signs) -> Self {
        let (service, options) = (Arc::clone(&origin.service), ConsumerOptions::default());
        let Links { consume, letters, publish } = links;
        let Signs { subscription_state, breaker, running } = signs;
        Self {
            service,
            pool,
            origin,
            consume,
            letters,
            publish,
            subscriptions,
            subscription_state,
            breaker,
            running,
            options,
        }
    }

    /// Sets the limits.
    #[must_use]
    pub fn with_options(mut self, options: ConsumerOptions) -> Self {
        self.breaker.limit(options.failing_max);
        self.options = options;
        self
    }

    pub(super) fn forwarder(&self) -> Forwarder {
        Forwarder::new(Arc::clone(&self.service), self.publish.clone(), self.origin.declares)
    }
}
