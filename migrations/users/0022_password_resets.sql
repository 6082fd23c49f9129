-- Tokens with which a user sets a password without knowing the old one: issued by an administrator, or on the command line
-- for the first administrator. Only the SHA-256 is known here. A row is deleted when its token is used.
create table password_resets (
    hash       bytea       not null,
    user_id    bigint      not null,
    expires_at timestamptz not null,
    constraint password_resets_pkey primary key (hash),
    -- A new token replaces the one before.
    constraint password_resets_user_once unique (user_id),
    constraint password_resets_user_fkey foreign key (user_id) references users (id)
);

grant select, insert, delete on password_resets to users_service;
