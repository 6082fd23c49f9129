-- Each side has its own index; the two pages are merged and limited again.
select id as "id!", kind as "kind!", reference as "reference!", amount as "amount!", counterparty as "counterparty!",
       balance_after as "balance_after!", created_at as "created_at!"
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
) as lines
order by id desc
limit $3
