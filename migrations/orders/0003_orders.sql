-- Orders. Amounts are in minor units (kopecks).
create table orders (
    -- UUID version 7: newest first is descending id, with one index and no second sort key.
    id          uuid        not null,
    user_id     bigint      not null,
    amount      bigint      not null,
    description text,
    status      text        not null,
    reason      text,
    -- Grows by one per move; sockets and events carry it, so that late news is recognised.
    version     bigint      not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint orders_pkey primary key (id),
    constraint orders_user_id_positive check (user_id > 0),
    constraint orders_amount_positive check (amount > 0),
    constraint orders_version_positive check (version > 0),
    constraint orders_status_known check (status in ('PENDING', 'PAID', 'FAILED', 'CANCELLING', 'CANCELLED')),
    -- Who failed or was cancelled says why; who did not has nothing to say.
    constraint orders_reason_when_unpaid check ((reason is null) = (status in ('PENDING', 'PAID')))
);

-- A user's orders, newest first; with a status, so that a filter reads no more than it shows.
create index orders_by_user on orders (user_id, id desc);
create index orders_by_user_and_status on orders (user_id, status, id desc);

grant select, insert, update on orders to orders_service;
