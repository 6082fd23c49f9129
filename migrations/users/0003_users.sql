-- People, their passwords, and how long they stay signed in.

create table users (
    id            bigint      not null generated always as identity,
    -- In lower case: nobody is to look like somebody else.
    login         text        not null,
    -- Argon2id, in the PHC string format.
    password_hash text        not null,
    role          text        not null default 'user',
    blocked_at    timestamptz,
    created_at    timestamptz not null default now(),
    constraint users_pkey primary key (id),
    constraint users_login_taken unique (login),
    constraint users_login_well_formed check (login ~ '^[a-z][a-z0-9._-]{2,39}$'),
    constraint users_role_known check (role in ('user', 'admin'))
);

-- Tries of passwords, by login, whether anybody has it or not. A success forgets them.
create table tries (
    login text        not null,
    count integer     not null,
    since timestamptz not null,
    constraint tries_pkey primary key (login)
);

create index tries_by_since on tries (since);

-- One sign-in, with all refresh tokens that followed from it.
create table families (
    id         uuid        not null,
    user_id    bigint      not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz,
    constraint families_pkey primary key (id),
    constraint families_user_fkey foreign key (user_id) references users (id)
);

create index families_by_user on families (user_id);

-- Refresh tokens, of which only the SHA-256 is known here. Each is good once; one that comes again was stolen, from us or
-- from the thief.
create table refresh_tokens (
    hash       bytea       not null,
    family_id  uuid        not null,
    expires_at timestamptz not null,
    spent_at   timestamptz,
    constraint refresh_tokens_pkey primary key (hash),
    constraint refresh_tokens_family_fkey foreign key (family_id) references families (id) on delete cascade
);

create index refresh_tokens_by_family on refresh_tokens (family_id);
create index refresh_tokens_by_expires_at on refresh_tokens (expires_at);

grant select, insert on users to users_service;
grant update (password_hash, blocked_at) on users to users_service;
grant select, insert, update, delete on tries to users_service;
grant select, insert, delete on families to users_service;
grant update (revoked_at) on families to users_service;
grant select, insert, delete on refresh_tokens to users_service;
grant update (spent_at) on refresh_tokens to users_service;
