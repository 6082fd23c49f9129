//! What all connections of a proxy share: the rules in force, and what is known of the clients.

use super::outgoing::Bandwidth;
use super::publish::{Publish, Tally};
use super::rule::{Action, InForce};
use rabbit_outbox::CancellationToken;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// State shared by all connections of a proxy.
#[derive(Default)]
pub(crate) struct Hub {
    pub(super) rules: Mutex<Vec<Arc<InForce>>>,
    pub(super) tally: Mutex<Tally>,
    pub(super) users: Mutex<Vec<String>>,
    pub(super) towards_client: Arc<Bandwidth>,
    pub(super) towards_broker: Arc<Bandwidth>,
    pub(super) refuses: AtomicBool,
    /// Whether clients see that the broker blocks them.
    pub(super) blocked: watch::Sender<bool>,
    /// By number, how to end each open connection.
    pub(super) open: Mutex<BTreeMap<u64, CancellationToken>>,
}

impl Hub {
    /// The oldest rule that matches this message; either of the rules for publishes or of those for confirms.
    pub(super) fn rule_of(&self, publish: &Publish, about_publishes: bool) -> Option<Arc<InForce>> {
        let rules = lock(&self.rules);
        let mut applicable =
            rules.iter().filter(|rule| rule.action.is_about_publishes() == about_publishes && rule.is_in_force());
        applicable.find(|rule| (rule.means)(publish)).cloned()
    }

    pub(super) fn duplicates(&self) -> bool {
        lock(&self.rules).iter().any(|rule| rule.action == Action::Duplicate)
    }

    pub(super) fn published(&self, publish: &Publish) {
        lock(&self.tally).note(publish);
    }

    pub(super) fn connected(&self, user: Option<String>) {
        lock(&self.users).extend(user);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
