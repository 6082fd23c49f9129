//! What failed or was refused. It is counted in memory and written every second, for two reasons: a flood must not fill
//! the disk, and an insert must not show by its duration whether a login exists.
//!
//! Equal refusals within a second are one row. Of each kind a replica writes one row per second on average, 600 at once; of
//! the kinds that cost an anonymous client nothing one in ten seconds, 100 at once. So a flood of one kind hides no other.
//! The rest is in the log, and counted by kind in a row per minute. Those of the last second are lost if the process is killed.

use super::{AuditEvent, Kind, Outcome, Recorded};
use crate::client::ClientInfo;
use crate::domain::login::Login;
use crate::store;
use postgres::{During, StoreError};
use sqlx::PgPool;
use std::collections::HashMap;
use std::convert::Infallible;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use telemetry::chain;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Time between two writes.
const EVERY: Duration = Duration::from_secs(1);
/// Time between two writes of what was not listed.
const UNLISTED_EVERY: Duration = Duration::from_mins(1);
/// Different refusals of a kind in memory.
const DIFFERENT_MAX: usize = 1000;

/// Rows of this kind that may be written at once, and how many are added per second.
fn rows_of(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Refresh | Kind::AccessToken | Kind::Administration => (100.0, 0.1),
        _ => (600.0, 1.0),
    }
}

/// How many rows of each kind may be written now.
#[derive(Debug, Default)]
struct Budget(HashMap<Kind, f64>);

impl Budget {
    /// A write begins: each kind gets what has been added since the last one.
    fn refill(&mut self) {
        for (kind, rows) in &mut self.0 {
            let (most, added) = rows_of(*kind);
            *rows = (*rows + added * EVERY.as_secs_f64()).min(most);
        }
    }

    /// Whether a row of this kind may be written; it counts.
    fn take(&mut self, kind: Kind) -> bool {
        let rows = self.0.entry(kind).or_insert_with(|| rows_of(kind).0);
        let is_left = *rows >= 1.0;
        if is_left {
            *rows -= 1.0;
        }
        is_left
    }
}

/// What was refused and is not written yet; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Refusals(Arc<Mutex<Pending>>);

#[derive(Debug, Default)]
struct Pending {
    /// Each with its count; the key has count 1 and no request.
    listed: HashMap<Key, Counted>,
    /// How many different ones there are of each kind.
    different: HashMap<Kind, usize>,
    /// How many of each kind were too many to be listed.
    unlisted: HashMap<(Kind, Outcome), i64>,
}

/// What makes two refusals different.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    kind: Kind,
    outcome: Outcome,
    users: (Option<i64>, Option<i64>),
    login: Option<String>,
    address: Option<String>,
    detail: Option<&'static str>,
}

#[derive(Debug)]
struct Counted {
    /// The first one, with the count of all.
    event: AuditEvent,
    login: Option<Login>,
}

impl Refusals {
    /// Counts an event.
    pub fn count(&self, event: AuditEvent) {
        self.add(event, None);
    }

    /// Counts a refusal for whom this login belongs to. The login itself is not stored: it may be a mistyped password.
    pub fn count_for_login(
        &self,
        kind: Kind,
        outcome: Outcome,
        login: &Login,
        client: &ClientInfo,
        detail: &'static str,
    ) {
        self.add(AuditEvent::new(kind, outcome, client).with_detail(detail), Some(login.clone()));
    }

    fn add(&self, event: AuditEvent, login: Option<Login>) {
        let key = Key {
            kind: event.kind,
            outcome: event.outcome,
            users: (event.actor.map(Into::into), event.subject.map(Into::into)),
            login: login.as_ref().map(|login| login.as_str().to_owned()),
            address: event.address.clone(),
            detail: event.detail,
        };
        let mut pending = self.lock();
        let is_full = pending.different.get(&event.kind).is_some_and(|different| *different >= DIFFERENT_MAX);
        match pending.listed.get_mut(&key) {
            Some(counted) => counted.event.count = counted.event.count.saturating_add(event.count),
            None if is_full => pending.add_unlisted(&event),
            None => {
                *pending.different.entry(event.kind).or_default() += 1;
                pending.listed.insert(key, Counted { event, login });
            }
        }
    }

    /// Writes what is counted, until `stopping` is cancelled, and then once more.
    ///
    /// # Errors
    /// None: failures are logged, and what was not written is counted with the next.
    pub async fn write_until(self, database: PgPool, stopping: CancellationToken) -> Result<(), Infallible> {
        let (mut budget, mut unlisted_at) = (Budget::default(), Instant::now());
        loop {
            let is_last = tokio::select! {
                () = tokio::time::sleep(EVERY) => false,
                () = stopping.cancelled() => true,
            };
            budget.refill();
            self.write_listed(&database, &mut budget).await;
            if is_last || unlisted_at.elapsed() >= UNLISTED_EVERY {
                unlisted_at = Instant::now();
                self.write_unlisted(&database).await;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn write_listed(&self, database: &PgPool, budget: &mut Budget) {
        let listed = {
            let mut pending = self.lock();
            pending.different.clear();
            take(&mut pending.listed)
        };
        // After a failure the others are not tried: each could wait for the database.
        let mut is_failing = false;
        for (_, Counted { event, login }) in listed {
            if !is_failing && budget.take(event.kind) {
                is_failing = !write(database, &event, login.as_ref()).await;
                if !is_failing {
                    continue;
                }
            }
            self.lock().add_unlisted(&event);
            Recorded { subject: event.subject.map(Into::into), event }.log();
        }
    }

    async fn write_unlisted(&self, database: &PgPool) {
        let unlisted = take(&mut self.lock().unlisted);
        for ((kind, outcome), count) in unlisted {
            let nobody = ClientInfo::default();
            let event = AuditEvent { count, ..AuditEvent::new(kind, outcome, &nobody) }.with_detail("not listed");
            if !write(database, &event, None).await {
                self.lock().add_unlisted(&event);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        // After a panic while the lock was held, the entries are still valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pending {
    fn add_unlisted(&mut self, event: &AuditEvent) {
        let count = self.unlisted.entry((event.kind, event.outcome)).or_default();
        *count = count.saturating_add(event.count);
    }
}

/// Whether the event was written.
async fn write(database: &PgPool, event: &AuditEvent, login: Option<&Login>) -> bool {
    let inserting: Result<_, StoreError> = async {
        let mut connection = database.acquire().await.during("connect to record a refusal")?;
        store::audit_events::insert(&mut connection, event, login).await
    }
    .await;
    match inserting {
        Ok(recorded) => {
            recorded.log();
            true
        }
        Err(failure) => {
            warn!(
                error = chain(&failure),
                "a refusal could not be added to the audit trail; counting it with the next"
            );
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> AuditEvent {
        let client = ClientInfo::default();
        AuditEvent { address: Some(address.to_owned()), ..AuditEvent::new(Kind::Refresh, Outcome::Failed, &client) }
    }

    #[test]
    fn equal_refusals_are_counted_together() {
        let refusals = Refusals::default();
        for _ in 0..3 {
            refusals.count(from("10.0.0.1"));
        }
        refusals.count(from("10.0.0.2"));
        let mut counts: Vec<i64> = refusals.lock().listed.values().map(|counted| counted.event.count).collect();
        counts.sort_unstable();
        assert_eq!(counts, [1, 3]);
    }

    #[test]
    fn a_flood_from_many_addresses_takes_bounded_memory() {
        let refusals = Refusals::default();
        for n in 0..5000 {
            refusals.count(from(&n.to_string()));
        }
        let pending = refusals.lock();
        assert_eq!(pending.listed.len(), DIFFERENT_MAX);
        assert_eq!(pending.unlisted.values().sum::<i64>(), 4000);
    }

    #[test]
    fn a_flood_of_one_kind_hides_no_other() {
        let refusals = Refusals::default();
        for n in 0..5000 {
            refusals.count(from(&n.to_string()));
        }
        let client = ClientInfo::default();
        refusals.count(AuditEvent::new(Kind::SignIn, Outcome::Failed, &client));
        assert!(refusals.lock().listed.keys().any(|key| key.kind == Kind::SignIn));
        let mut budget = Budget::default();
        let rows = (0..5000).filter(|_| budget.take(Kind::Refresh)).count();
        assert_eq!(rows, 100);
        assert!(budget.take(Kind::SignIn));
        (0..9).for_each(|_| budget.refill());
        assert!(!budget.take(Kind::Refresh));
        (0..2).for_each(|_| budget.refill());
        assert!(budget.take(Kind::Refresh));
    }
}
