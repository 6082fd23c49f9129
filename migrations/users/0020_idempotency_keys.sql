-- First responses to requests with an Idempotency-Key, here of registrations. A row commits with the effect of its request.
create table idempotency_keys (
    -- 0: a client that registers has no id yet, so the key is a hash of the key and the login.
    user_id      bigint      not null,
    -- Method and path pattern: a key is scoped to user and route.
    route        text        not null,
    key          text        not null,
    -- SHA-256 of the login, never of the password: the same key with another password is found by verifying it.
    request_hash bytea       not null,
    status       smallint    not null,
    location     text,
    -- Without tokens: a repeated request gets new ones.
    body         bytea       not null,
    created_at   timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (user_id, route, key)
);

-- Old responses are deleted by age.
create index idempotency_keys_created_at on idempotency_keys (created_at);

grant select, insert, delete on idempotency_keys to users_service;
