-- Writes the decisions about a batch of orders: movements, decisions and balances, in one statement.
-- Rows are written in the order of order ids, so that two batches with a common order do not deadlock.
with charges as (
    select *
    from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::uuid[], $7::bigint[], $8::bigint[])
        as c (order_id, user_id, amount, decision, reason, transaction_id, balance_after, version)
), movements as (
    insert into ledger (id, kind, reference, debit_account, credit_account, amount, debit_balance_after)
    select transaction_id, $9, order_id::text, user_id, $10, amount, balance_after
    from charges
    where transaction_id is not null
    order by order_id
), decisions as (
    insert into order_payments (order_id, user_id, amount, decision, reason, transaction_id, version)
    select order_id, user_id, amount, decision, reason, transaction_id, version
    from charges
    order by order_id
)
update accounts
set balance = last.balance
-- Payments only decrease a balance, so the smallest of the balances is the final one.
from (select user_id, min(balance_after) as balance from charges where transaction_id is not null group by user_id) last
where accounts.user_id = last.user_id
