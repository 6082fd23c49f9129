-- What was decided about orders that came together: movements, decisions and balances, in one statement.
-- Rows are written in the order of the orders: two batches that share one would otherwise wait for each other.
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
-- Payments only take: of the balances after each of them the smallest is the last.
from (select user_id, min(balance_after) as balance from charges where transaction_id is not null group by user_id) last
where accounts.user_id = last.user_id
