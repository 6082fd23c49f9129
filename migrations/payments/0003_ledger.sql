-- Accounts and the ledger. Amounts are in minor units (kopecks).

-- Balances of users. System accounts have no row here: their balance is derived from the ledger, so that no hot row
-- makes payments queue.
create table accounts (
    user_id    bigint      not null,
    balance    bigint      not null default 0,
    created_at timestamptz not null default now(),
    constraint accounts_pkey primary key (user_id),
    constraint accounts_user_id_positive check (user_id > 0),
    constraint accounts_balance_not_negative check (balance >= 0),
    -- 10^15 major units: a thousand times the largest amount, and far from overflow.
    constraint accounts_balance_bounded check (balance <= 100000000000000000)
);

-- Every movement of money: one row per transfer, written with the change of the balances and never changed again.
create table ledger (
    -- UUID version 7: a statement is descending id.
    id                   uuid        not null,
    kind                 text        not null,
    -- What the movement is for. A payment of an order, its refund, a transfer, a top-up happen once for ever.
    reference            text        not null,
    -- Users are positive; 0 is the world outside, -1 the merchant.
    debit_account        bigint      not null,
    credit_account       bigint      not null,
    amount               bigint      not null,
    -- Balance of the user's account after this movement; null on the side of a system account.
    debit_balance_after  bigint,
    credit_balance_after bigint,
    created_at           timestamptz not null default now(),
    constraint ledger_pkey primary key (id),
    constraint ledger_happens_once unique (kind, reference),
    constraint ledger_kind_known check (kind in ('topup', 'payment', 'refund', 'transfer')),
    constraint ledger_amount_positive check (amount > 0),
    constraint ledger_two_sides check (debit_account <> credit_account),
    constraint ledger_debit_balance check ((debit_account > 0) = (debit_balance_after is not null)),
    constraint ledger_credit_balance check ((credit_account > 0) = (credit_balance_after is not null))
);

-- Statements of users; system accounts have none.
create index ledger_by_debit_account on ledger (debit_account, id desc) where debit_account > 0;
create index ledger_by_credit_account on ledger (credit_account, id desc) where credit_account > 0;

-- What was decided about each order, refusals too, for ever: payments is the single arbiter of an order's money.
create table order_payments (
    order_id       uuid        not null,
    user_id        bigint      not null,
    amount         bigint      not null,
    decision       text        not null,
    reason         text,
    -- The movement of the payment, if there was one.
    transaction_id uuid,
    -- Grows by one per decision.
    version        bigint      not null,
    decided_at     timestamptz not null default now(),
    constraint order_payments_pkey primary key (order_id),
    constraint order_payments_decision_known check (decision in ('completed', 'failed', 'cancelled')),
    constraint order_payments_reason_when_failed check (decision <> 'failed' or reason is not null),
    constraint order_payments_transaction_when_completed check (decision <> 'completed' or transaction_id is not null),
    constraint order_payments_transaction_fkey foreign key (transaction_id) references ledger (id)
);

grant select, insert on accounts, ledger to payments_service;
-- Column by column: the role can change a balance and a decision, and never what a movement was.
grant update (balance) on accounts to payments_service;
grant select, insert on order_payments to payments_service;
grant update (decision, reason, transaction_id, version, decided_at) on order_payments to payments_service;
