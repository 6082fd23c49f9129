//! Tests the invariant checker itself: a correct state passes, and each manipulation is detected.

use crate::invariants::{Verdict, check};
use crate::load::{Attempt, Intent, Kind};
use e2e::invariants::is_at_rest;
use sqlx::PgPool;
use testkit::TestDatabase;
use uuid::{Uuid, uuid};

const PAID: Uuid = uuid!("01900000-0000-7000-8000-000000000001");
const FAILED: Uuid = uuid!("01900000-0000-7000-8000-000000000002");
const TOP_UP: Uuid = uuid!("01900000-0000-7000-8000-000000000003");

/// User 1 tops up 5.00 and places an order of 2.00, which is paid, and two of 4.00, which fail; the response to the
/// last one was lost. They pay 1.00 of a cheque to user 2, after a failed attempt to pay 9.00.
const STATE: &str = "
    insert into orders.orders (id, user_id, amount, description, status, reason, version, created_at, updated_at) values
        ('01900000-0000-7000-8000-000000000001', 1, 200, 'paid', 'PAID', null, 2, now(), now()),
        ('01900000-0000-7000-8000-000000000002', 1, 400, 'failed', 'FAILED', 'insufficient_funds', 2, now(), now()),
        ('01900000-0000-7000-8000-000000000004', 1, 400, 'given up', 'FAILED', 'insufficient_funds', 2, now(), now());
    insert into payments.accounts (user_id, balance) values (1, 200), (2, 100);
    insert into payments.ledger
        (id, kind, reference, debit_account, credit_account, amount, debit_balance_after, credit_balance_after) values
        ('01900000-0000-7000-8000-000000000003', 'topup', 'a', 0, 1, 500, null, 500),
        ('01900000-0000-7000-8000-000000000005', 'payment', '01900000-0000-7000-8000-000000000001', 1, -1, 200, 300, null),
        ('01900000-0000-7000-8000-000000000006', 'transfer', '01900000-0000-7000-8000-000000000007', 1, 2, 100, 200, 100);
    insert into payments.order_payments (order_id, user_id, amount, decision, reason, transaction_id, version) values
        ('01900000-0000-7000-8000-000000000001', 1, 200, 'completed', null, '01900000-0000-7000-8000-000000000005', 1),
        ('01900000-0000-7000-8000-000000000002', 1, 400, 'failed', 'insufficient_funds', null, 1),
        ('01900000-0000-7000-8000-000000000004', 1, 400, 'failed', 'insufficient_funds', null, 1);
    insert into payments.transfers (transfer_id, from_user, to_user, amount, decision, reason, transaction_id) values
        ('01900000-0000-7000-8000-000000000007', 1, 2, 100, 'completed', null, '01900000-0000-7000-8000-000000000006'),
        ('01900000-0000-7000-8000-000000000008', 1, 2, 900, 'failed', 'insufficient_funds', null);
    insert into router.cheques (hash, owner_id, cheque, method, last_participant, version, created_at, expires_at)
        values ('0123456789012345678901', 2, '{}', '{}', 2, 1, now(), now());
    insert into router.participants (hash, id, user_id) values ('0123456789012345678901', 2, 1);
    insert into router.transfers (transfer_id, hash, participant, attempt, from_user, to_user, amount, breakdown, state,
                                  reason, asked_at, created_at) values
        ('01900000-0000-7000-8000-000000000008', '0123456789012345678901', 2, 1, 1, 2, 900, '{}', 'failed',
         'insufficient_funds', now(), now()),
        ('01900000-0000-7000-8000-000000000007', '0123456789012345678901', 2, 2, 1, 2, 100, '{}', 'paid', null, now(),
         now());
";

/// Manipulations of the state, each with a rule that it violates.
const MANIPULATIONS: [(&str, &str); 15] = [
    ("update orders.orders set status = 'PENDING', reason = null where description = 'failed'", "terminal state"),
    ("update orders.orders set amount = 201 where description = 'paid'", "equals its request"),
    ("update orders.orders set status = 'PAID', reason = null where description = 'failed'", "PAID if and only if"),
    ("update payments.ledger set amount = 199 where kind = 'payment'", "PAID if and only if"),
    ("update payments.ledger set reference = 'x' where kind = 'payment'", "PAID if and only if"),
    ("update payments.order_payments set reason = 'no_account' where decision = 'failed'", "with its reason"),
    ("delete from payments.order_payments where decision = 'failed'", "with its reason"),
    ("update payments.ledger set amount = 99 where kind = 'transfer'", "its money was moved"),
    ("update payments.ledger set credit_account = 3 where kind = 'transfer'", "its money was moved"),
    (
        "update router.transfers set state = 'failed', reason = 'no_account' where state = 'paid'",
        "a settlement matches",
    ),
    ("update router.transfers set amount = 101 where state = 'paid'", "a settlement matches"),
    ("update payments.accounts set balance = 201 where user_id = 1", "credits minus debits"),
    ("update payments.accounts set balance = 201 where user_id = 1", "sum of balances"),
    (
        "insert into payments.ledger (id, kind, reference, debit_account, credit_account, amount, credit_balance_after) \
         values (gen_random_uuid(), 'topup', 'b', 0, 1, 5, 505); update payments.accounts set balance = 205 where user_id = 1",
        "a top-up was requested",
    ),
    (
        "insert into payments.outbox (lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, \
         content_type, payload, occurred_at) \
         values (0, gen_random_uuid(), 'x', 'x', 'x', 1, gen_random_uuid(), 'x', 'x', now())",
        "outbox of payments",
    ),
];

#[tokio::test]
async fn a_correct_state_passes_and_each_manipulation_is_detected() {
    let (database, pool) = prepared_database().await;
    let verdict = check(&pool, &log()).await;
    verdict.expect_clean();
    let expected = Verdict { attempts: 4, acknowledged: 2, ok: 3, recovered: 1, ..Verdict::default() };
    assert_eq!(verdict, expected);
    assert!(is_at_rest(&pool).await.unwrap());
    drop((pool, database));
    for (manipulation, rule) in MANIPULATIONS {
        let (_database, pool) = prepared_database().await;
        sqlx::raw_sql(manipulation).execute(&pool).await.unwrap();
        let verdict = check(&pool, &log()).await;
        assert!(verdict.violations.iter().any(|violation| violation.contains(rule)), "{manipulation}: {verdict:?}");
    }
}

#[tokio::test]
async fn lost_duplicated_and_unexpected_orders_are_counted() {
    let (_database, pool) = prepared_database().await;
    let copy = "insert into orders.orders select gen_random_uuid(), user_id, amount, $1, status, reason, version, \
                created_at, updated_at from orders.orders where description = 'failed'";
    for description in ["given up", "never tried"] {
        sqlx::query(copy).bind(description).execute(&pool).await.unwrap();
    }
    sqlx::query("delete from orders.orders where id = $1").bind(PAID).execute(&pool).await.unwrap();
    let verdict = check(&pool, &log()).await;
    assert_eq!((verdict.ok, verdict.lost, verdict.duplicated, verdict.unexpected), (1, 1, 1, 1), "{verdict}");
}

async fn prepared_database() -> (TestDatabase, PgPool) {
    let database = TestDatabase::migrated().await;
    let pool = database.admin_pool("public");
    sqlx::raw_sql(STATE).execute(&pool).await.unwrap();
    (database, pool)
}

fn log() -> Vec<Attempt> {
    vec![
        attempt("start", Kind::TopUp, 500, Some(TOP_UP)),
        attempt("paid", Kind::Order, 200, Some(PAID)),
        attempt("failed", Kind::Order, 400, Some(FAILED)),
        attempt("given up", Kind::Order, 400, None),
        attempt("never arrived", Kind::Order, 400, None),
    ]
}

fn attempt(name: &str, kind: Kind, amount: i64, acknowledged: Option<Uuid>) -> Attempt {
    let intent = Intent { name: name.to_owned(), kind, user: 1, amount, retries: false };
    Attempt { intent, acknowledged, was_replayed: false }
}
