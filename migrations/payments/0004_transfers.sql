-- What was decided about each transfer between users, refusals too, for ever: a repeated question gets the first answer.
-- Amounts are in minor units (kopecks).
create table transfers (
    transfer_id    uuid        not null,
    from_user      bigint      not null,
    to_user        bigint      not null,
    amount         bigint      not null,
    decision       text        not null,
    reason         text,
    -- The movement of the money, if there was one.
    transaction_id uuid,
    decided_at     timestamptz not null default now(),
    constraint transfers_pkey primary key (transfer_id),
    constraint transfers_two_users check (from_user <> to_user),
    constraint transfers_amount_positive check (amount > 0),
    constraint transfers_decision_known check (decision in ('completed', 'failed')),
    constraint transfers_reason_when_failed check ((decision = 'failed') = (reason is not null)),
    constraint transfers_transaction_when_completed check ((decision = 'completed') = (transaction_id is not null)),
    constraint transfers_transaction_fkey foreign key (transaction_id) references ledger (id)
);

-- Written once, never changed.
grant select, insert on transfers to payments_service;
