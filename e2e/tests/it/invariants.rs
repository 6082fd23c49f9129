//! What must be true when everything has come to rest. Reads only the databases and the clients' own log.

use crate::load::{Attempt, Kind};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use std::collections::HashMap;
use std::fmt;
use uuid::Uuid;

/// The numbers of a run, named as in Jepsen's checker of queues, and everything that is wrong.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Orders that clients tried to place.
    pub(crate) attempts: usize,
    /// Those that a client was told to be placed.
    pub(crate) acknowledged: usize,
    /// Attempts that are there, once.
    pub(crate) ok: usize,
    /// Those of them that no client was told of.
    pub(crate) recovered: usize,
    /// Acknowledged, and not there as acknowledged.
    pub(crate) lost: usize,
    /// There more than once.
    pub(crate) duplicated: usize,
    /// There, and never tried.
    pub(crate) unexpected: usize,
    /// Rules that are broken, with the rows that break them.
    pub(crate) violations: Vec<String>,
}

impl Verdict {
    /// Fails unless all is well.
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

/// Statements whose every row breaks a rule of orders and money. A row is one text.
const RULES: [(&str, &str); 13] = [
    (
        "every order ends in a terminal state",
        "select concat_ws(' ', id, status) from orders.orders where status not in ('PAID', 'FAILED', 'CANCELLED')",
    ),
    (
        "an order has at most one completed payment",
        "select reference from payments.ledger where kind = 'payment' group by reference having count(*) > 1",
    ),
    (
        "an order is PAID if and only if its user was debited its amount, to the merchant",
        "select concat_ws(' ', o.id, o.status, l.reference, l.amount) \
         from orders.orders o \
         full join (select * from payments.ledger where kind = 'payment') l on l.reference = o.id::text \
         where (o.status = 'PAID') is distinct from (l.id is not null) \
            or (l.id is not null \
                and (l.debit_account, l.credit_account, l.amount) is distinct from (o.user_id, -1, o.amount))",
    ),
    (
        "an order says what payments decided, and why",
        "select concat_ws(' ', coalesce(o.id, p.order_id), o.status, p.decision, o.reason, p.reason) \
         from orders.orders o full join payments.order_payments p on p.order_id = o.id \
         where (o.user_id, o.amount) is distinct from (p.user_id, p.amount) \
            or o.reason is distinct from p.reason \
            or o.status is distinct from \
               case p.decision when 'completed' then 'PAID' when 'failed' then 'FAILED' else 'CANCELLED' end",
    ),
    (
        "a transfer is completed if and only if its money was moved, as asked",
        "select concat_ws(' ', coalesce(t.transfer_id::text, l.reference), t.decision, t.amount, l.amount) \
         from payments.transfers t \
         full join (select * from payments.ledger where kind = 'transfer') l on l.reference = t.transfer_id::text \
         where (t.decision = 'completed') is distinct from (l.id is not null) \
            or (l.id is not null \
                and (l.debit_account, l.credit_account, l.amount) is distinct from (t.from_user, t.to_user, t.amount))",
    ),
    (
        "a settlement says what payments decided about what was asked",
        "select concat_ws(' ', coalesce(s.transfer_id, t.transfer_id), s.state, t.decision, s.reason, t.reason) \
         from router.transfers s full join payments.transfers t on t.transfer_id = s.transfer_id \
         where (s.from_user, s.to_user, s.amount, s.reason) is distinct from (t.from_user, t.to_user, t.amount, t.reason) \
            or s.state is distinct from case t.decision when 'completed' then 'paid' else 'failed' end",
    ),
    (
        "a balance is credits minus debits",
        "select concat_ws(' ', user_id, sum(balance), sum(net)) \
         from (select user_id, balance, 0 as net from payments.accounts \
               union all select credit_account, 0, amount from payments.ledger where credit_account > 0 \
               union all select debit_account, 0, -amount from payments.ledger where debit_account > 0) movements \
         group by user_id having sum(balance) <> sum(net)",
    ),
    (
        "a balance is never negative, now or after any movement",
        "select concat_ws(' ', 'account', user_id, balance) from payments.accounts where balance < 0 \
         union all select concat_ws(' ', 'movement', id) from payments.ledger \
         where least(debit_balance_after, credit_balance_after) < 0",
    ),
    (
        "money in is money held and money paid out",
        "select concat_ws(' ', money.came, money.held, money.paid) \
         from (select (select coalesce(sum(amount), 0) from payments.ledger where debit_account = 0) as came, \
                      (select coalesce(sum(balance), 0) from payments.accounts) as held, \
                      (select coalesce(sum(amount), 0) from payments.ledger where credit_account in (0, -1)) \
                    - (select coalesce(sum(amount), 0) from payments.ledger where debit_account = -1) as paid) money \
         where money.came <> money.held + money.paid",
    ),
    ("nothing of orders is unsent", "select concat_ws(' ', event_id, last_error) from orders.outbox"),
    ("nothing of payments is unsent", "select concat_ws(' ', event_id, last_error) from payments.outbox"),
    ("nothing of ocr is unsent", "select concat_ws(' ', event_id, last_error) from ocr.outbox"),
    ("nothing of router is unsent", "select concat_ws(' ', event_id, last_error) from router.outbox"),
];

/// Whether nothing is on its way any more, as far as the databases know.
pub(crate) async fn is_at_rest(pool: &PgPool) -> bool {
    let busy = "select (select count(*) from orders.orders where status not in ('PAID', 'FAILED', 'CANCELLED')) \
                + (select count(*) from orders.outbox) + (select count(*) from payments.outbox) \
                + (select count(*) from router.transfers where state = 'pending') \
                + (select count(*) from ocr.outbox) + (select count(*) from router.outbox)";
    sqlx::query_scalar::<_, i64>(busy).fetch_one(pool).await.unwrap() == 0
}

/// Compares the log with the databases, and the databases with the rules.
pub(crate) async fn check(pool: &PgPool, log: &[Attempt]) -> Verdict {
    let mut verdict = Verdict::default();
    compare_orders(pool, log, &mut verdict).await;
    compare_top_ups(pool, log, &mut verdict).await;
    verdict.violations.extend(violations(pool).await);
    verdict
}

/// Every rule that is broken, with the rows that break it.
pub(crate) async fn violations(pool: &PgPool) -> Vec<String> {
    let mut found = Vec::new();
    for (rule, broken) in RULES {
        let rows: Vec<String> = sqlx::query_scalar(broken).fetch_all(pool).await.unwrap();
        found.extend(rows.into_iter().map(|row| format!("{rule}: {row}")));
    }
    found
}

/// Finds each attempt's orders by their description.
async fn compare_orders(pool: &PgPool, log: &[Attempt], verdict: &mut Verdict) {
    let rows = "select id, user_id, amount, coalesce(description, '') as name from orders.orders";
    let mut found: HashMap<String, Vec<PgRow>> = HashMap::new();
    for row in sqlx::query(rows).fetch_all(pool).await.unwrap() {
        found.entry(row.get("name")).or_default().push(row);
    }
    for attempt in log.iter().filter(|attempt| attempt.wish.kind == Kind::Order) {
        let rows = found.remove(&attempt.wish.name).unwrap_or_default();
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
    if stored != (attempt.wish.user, attempt.wish.amount) {
        verdict.violations.push(format!("an order is what was asked for: {stored:?} of {attempt:?}"));
    }
}

/// Each acknowledged top-up is one movement; a movement that was not acknowledged must at least have been tried.
async fn compare_top_ups(pool: &PgPool, log: &[Attempt], verdict: &mut Verdict) {
    let rows = "select id, credit_account as user_id, amount from payments.ledger where kind = 'topup'";
    let mut found: HashMap<Uuid, (i64, i64)> = HashMap::new();
    for row in sqlx::query(rows).fetch_all(pool).await.unwrap() {
        found.insert(row.get("id"), (row.get("user_id"), row.get("amount")));
    }
    let mut unanswered = Vec::new();
    for attempt in log.iter().filter(|attempt| attempt.wish.kind == Kind::TopUp) {
        let expected = (attempt.wish.user, attempt.wish.amount);
        match attempt.acknowledged {
            Some(id) if found.remove(&id) == Some(expected) => {}
            Some(_) => verdict.violations.push(format!("an acknowledged top-up is there once: {attempt:?}")),
            None => unanswered.push(expected),
        }
    }
    for movement in found.into_values() {
        match unanswered.iter().position(|expected| *expected == movement) {
            Some(index) => drop(unanswered.swap_remove(index)),
            None => verdict.violations.push(format!("a top-up was asked for: {movement:?}")),
        }
    }
}
