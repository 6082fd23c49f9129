-- First answers to requests that carried an Idempotency-Key. A row commits with the effect it tells of.
create table idempotency_keys (
    user_id      bigint      not null,
    -- Method and path pattern: a key is scoped to user and route.
    route        text        not null,
    key          text        not null,
    -- SHA-256 of the body: the same key with another body is refused.
    request_hash bytea       not null,
    status       smallint    not null,
    location     text,
    body         bytea       not null,
    created_at   timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (user_id, route, key)
);

-- Old answers are forgotten by age.
create index idempotency_keys_created_at on idempotency_keys (created_at);

grant select, insert, delete on idempotency_keys to ocr_service;
