-- The optional second step of signing in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes.

create table second_factors (
    user_id      bigint      not null,
    -- Nonce and ciphertext (AES-256-GCM). The key is a file of users-service, so a copy of the database makes no codes.
    secret       bytea       not null,
    created_at   timestamptz not null default now(),
    -- Null until the user has entered a first code: until then only the password is asked for.
    confirmed_at timestamptz,
    -- The time step of the last accepted code: a code is accepted once.
    last_step    bigint      not null default 0,
    constraint second_factors_pkey primary key (user_id),
    constraint second_factors_user_fkey foreign key (user_id) references users (id)
);

-- Codes for users without their device, of which only the SHA-256 is known here. A row is deleted when its code is used.
create table recovery_codes (
    user_id bigint not null,
    hash    bytea  not null,
    constraint recovery_codes_pkey primary key (user_id, hash),
    constraint recovery_codes_factor_fkey foreign key (user_id) references second_factors (user_id) on delete cascade
);

-- Sign-ins whose password was right and whose second step is missing. Only the SHA-256 of the token is known here.
create table sign_in_challenges (
    hash       bytea       not null,
    user_id    bigint      not null,
    expires_at timestamptz not null,
    constraint sign_in_challenges_pkey primary key (hash),
    constraint sign_in_challenges_user_fkey foreign key (user_id) references users (id)
);

-- They end with the sessions of their user, and are deleted when they have expired.
create index sign_in_challenges_by_user on sign_in_challenges (user_id);
create index sign_in_challenges_by_expires_at on sign_in_challenges (expires_at);

grant select, insert, delete on second_factors to users_service;
grant update (secret, created_at, confirmed_at, last_step) on second_factors to users_service;
grant select, insert, delete on recovery_codes to users_service;
grant select, insert, delete on sign_in_challenges to users_service;
