//! Invariants of the idle system, checked only with data of the databases.
//!
//! Source: the design, section 5.

use sqlx::PgPool;

/// Rules with statements that select the violating rows of orders and money. A row is one text.
const RULES: [(&str, &str); 14] = [
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
        "an order matches the decision of payments, with its reason",
        "select concat_ws(' ', coalesce(o.id, p.order_id), o.status, p.decision, o.reason, p.reason) \
         from orders.orders o full join payments.order_payments p on p.order_id = o.id \
         where (o.user_id, o.amount) is distinct from (p.user_id, p.amount) \
            or o.reason is distinct from p.reason \
            or o.status is distinct from \
               case p.decision when 'completed' then 'PAID' when 'failed' then 'FAILED' else 'CANCELLED' end",
    ),
    (
        "a transfer is completed if and only if its money was moved, as requested",
        "select concat_ws(' ', coalesce(t.transfer_id::text, l.reference), t.decision, t.amount, l.amount) \
         from payments.transfers t \
         full join (select * from payments.ledger where kind = 'transfer') l on l.reference = t.transfer_id::text \
         where (t.decision = 'completed') is distinct from (l.id is not null) \
            or (l.id is not null \
                and (l.debit_account, l.credit_account, l.amount) is distinct from (t.from_user, t.to_user, t.amount))",
    ),
    (
        "a settlement matches its transfer and the decision of payments",
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
        "a balance is never negative, neither now nor after any movement",
        "select concat_ws(' ', 'account', user_id, balance) from payments.accounts where balance < 0 \
         union all select concat_ws(' ', 'movement', id) from payments.ledger \
         where least(debit_balance_after, credit_balance_after) < 0",
    ),
    (
        "the sum of top-ups equals the sum of balances and payouts",
        "select concat_ws(' ', money.came, money.held, money.paid) \
         from (select (select coalesce(sum(amount), 0) from payments.ledger where debit_account = 0) as came, \
                      (select coalesce(sum(balance), 0) from payments.accounts) as held, \
                      (select coalesce(sum(amount), 0) from payments.ledger where credit_account in (0, -1)) \
                    - (select coalesce(sum(amount), 0) from payments.ledger where debit_account = -1) as paid) money \
         where money.came <> money.held + money.paid",
    ),
    ("the outbox of orders is empty", "select concat_ws(' ', event_id, last_error) from orders.outbox"),
    ("the outbox of payments is empty", "select concat_ws(' ', event_id, last_error) from payments.outbox"),
    ("the outbox of ocr is empty", "select concat_ws(' ', event_id, last_error) from ocr.outbox"),
    ("the outbox of router is empty", "select concat_ws(' ', event_id, last_error) from router.outbox"),
    (
        "there are no open dead letters",
        "select concat_ws(' ', 'orders', event_id, reason) from orders.dead_letters where state = 'open' \
         union all select concat_ws(' ', 'payments', event_id, reason) from payments.dead_letters where state = 'open' \
         union all select concat_ws(' ', 'ocr', event_id, reason) from ocr.dead_letters where state = 'open' \
         union all select concat_ws(' ', 'router', event_id, reason) from router.dead_letters where state = 'open'",
    ),
];

/// Whether the system is idle, as far as the databases show.
///
/// # Errors
/// If the query fails.
pub async fn is_at_rest(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let busy = "select (select count(*) from orders.orders where status not in ('PAID', 'FAILED', 'CANCELLED')) \
                + (select count(*) from orders.outbox) + (select count(*) from payments.outbox) \
                + (select count(*) from router.transfers where state = 'pending') \
                + (select count(*) from ocr.outbox) + (select count(*) from router.outbox)";
    Ok(sqlx::query_scalar::<_, i64>(busy).fetch_one(pool).await? == 0)
}

/// Every violated rule, with the rows that violate it.
///
/// # Errors
/// If a query fails.
pub async fn violations(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    let mut found = Vec::new();
    for (rule, broken) in RULES {
        let rows: Vec<String> = sqlx::query_scalar(broken).fetch_all(pool).await?;
        found.extend(rows.into_iter().map(|row| format!("{rule}: {row}")));
    }
    Ok(found)
}
