//! Checks of the idle system: the invariants of the databases, and the clients' own log.

use crate::load::{Attempt, Kind};
use e2e::invariants::violations;
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use std::collections::HashMap;
use std::fmt;
use uuid::Uuid;

/// The results of a run, with the terms of Jepsen's queue checker, and all violations.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Number of orders that clients tried to place.
    pub(crate) attempts: usize,
    /// Number of orders acknowledged to a client.
    pub(crate) acknowledged: usize,
    /// Number of attempts that exist exactly once.
    pub(crate) ok: usize,
    /// Number of existing attempts that were not acknowledged to any client.
    pub(crate) recovered: usize,
    /// Number of acknowledged orders that do not exist as acknowledged.
    pub(crate) lost: usize,
    /// Number of attempts that exist more than once.
    pub(crate) duplicated: usize,
    /// Number of orders that exist without an attempt.
    pub(crate) unexpected: usize,
    /// The violated rules, with the rows that violate them.
    pub(crate) violations: Vec<String>,
}

impl Verdict {
    /// Fails if there is any violation.
    pub(crate) fn expect_clean(&self) {
        let counts = (self.lost, self.duplicated, self.unexpected);
        assert_eq!((counts, &self.violations), ((0, 0, 0), &vec![]), "{self}");
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempts, acknowledged, ok, recovered, lost, duplicated, unexpected, violations } = self;
        write!(
            f,
            "attempts {attempts}, acknowledged {acknowledged}, ok {ok}, recovered {recovered}, lost {lost}, \
             duplicated {duplicated}, unexpected {unexpected}, violations {}",
            violations.len()
        )
    }
}

/// Compares the log with the databases, and checks the invariants of the databases.
pub(crate) async fn check(pool: &PgPool, log: &[Attempt]) -> Verdict {
    let mut verdict = Verdict::default();
    compare_orders(pool, log, &mut verdict).await;
    compare_top_ups(pool, log, &mut verdict).await;
    verdict.violations.extend(violations(pool).await.unwrap());
    verdict
}

/// Finds the orders of each attempt by their description.
async fn compare_orders(pool: &PgPool, log: &[Attempt], verdict: &mut Verdict) {
    let rows = "select id, user_id, amount, coalesce(description, '') as name from orders.orders";
    let mut found: HashMap<String, Vec<PgRow>> = HashMap::new();
    for row in sqlx::query(rows).fetch_all(pool).await.unwrap() {
        found.entry(row.get("name")).or_default().push(row);
    }
    for attempt in log.iter().filter(|attempt| attempt.intent.kind == Kind::Order) {
        let rows = found.remove(&attempt.intent.name).unwrap_or_default();
        verdict.attempts += 1;
        verdict.acknowledged += usize::from(attempt.acknowledged.is_some());
        match (rows.as_slice(), attempt.acknowledged) {
            ([], None) => {}
            ([row], None) => {
                verdict.ok += 1;
                verdict.recovered += 1;
                compare_fields(row, attempt, verdict);
            }
            ([row], Some(id)) if row.get::<Uuid, _>("id") == id => {
                verdict.ok += 1;
                compare_fields(row, attempt, verdict);
            }
            ([] | [_], Some(_)) => verdict.lost += 1,
            (_, _) => verdict.duplicated += 1,
        }
    }
    verdict.unexpected += found.values().map(Vec::len).sum::<usize>();
}

fn compare_fields(row: &PgRow, attempt: &Attempt, verdict: &mut Verdict) {
    let stored: (i64, i64) = (row.get("user_id"), row.get("amount"));
    if stored != (attempt.intent.user, attempt.intent.amount) {
        verdict.violations.push(format!("an order equals its request: {stored:?} of {attempt:?}"));
    }
}

/// Each acknowledged top-up is one movement. A movement without acknowledgement must at least have been requested.
async fn compare_top_ups(pool: &PgPool, log: &[Attempt], verdict: &mut Verdict) {
    let rows = "select id, credit_account as user_id, amount from payments.ledger where kind = 'topup'";
    let mut found: HashMap<Uuid, (i64, i64)> = HashMap::new();
    for row in sqlx::query(rows).fetch_all(pool).await.unwrap() {
        found.insert(row.get("id"), (row.get("user_id"), row.get("amount")));
    }
    let mut unanswered = Vec::new();
    for attempt in log.iter().filter(|attempt| attempt.intent.kind == Kind::TopUp) {
        let expected = (attempt.intent.user, attempt.intent.amount);
        match attempt.acknowledged {
            Some(id) if found.remove(&id) == Some(expected) => {}
            Some(_) => verdict.violations.push(format!("an acknowledged top-up exists once: {attempt:?}")),
            None => unanswered.push(expected),
        }
    }
    for movement in found.into_values() {
        match unanswered.iter().position(|expected| *expected == movement) {
            Some(index) => drop(unanswered.swap_remove(index)),
            None => verdict.violations.push(format!("a top-up was requested: {movement:?}")),
        }
    }
}
