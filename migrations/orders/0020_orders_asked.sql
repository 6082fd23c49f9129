-- How often payments was asked about an order, and when last: a question or its answer may be lost with the broker.
alter table orders
    add column asked_times integer     not null default 1,
    add column asked_at    timestamptz not null default now();

-- Orders without an answer: the few that are to be asked about again.
create index orders_unanswered on orders (asked_at) where status = 'PENDING';
