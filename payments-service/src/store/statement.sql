-- Each side has its own index; the two pages are merged and limited again. Then each transfer gets its bill.
select lines.id as "id!", lines.kind as "kind!", lines.reference as "reference!", lines.amount as "amount!",
       lines.counterparty as "counterparty!", lines.balance_after as "balance_after!",
       lines.created_at as "created_at!", t.cheque_hash as "cheque_hash?", t.merchant as "merchant?",
       t.purchased_on as "purchased_on?", t.participant as "participant?"
from (
    (
        select id, kind, reference, -amount as amount, credit_account as counterparty,
               debit_balance_after as balance_after, created_at
        from ledger
        where debit_account = $1 and debit_account > 0 and id < $2
        order by id desc
        limit $3
    )
    union all
    (
        select id, kind, reference, amount, debit_account, credit_balance_after, created_at
        from ledger
        where credit_account = $1 and credit_account > 0 and id < $2
        order by id desc
        limit $3
    )
    order by id desc
    limit $3
) as lines
-- References of other kinds are no ids of transfers.
left join transfers t on t.transfer_id = case when lines.kind = 'transfer' then lines.reference::uuid end
order by lines.id desc
