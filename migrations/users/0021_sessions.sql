-- What the list of one's sessions shows. A family is a session: a sign-in with all refresh tokens that follow from it.
-- The previous release leaves these columns at their defaults.
alter table families
    -- When its refresh token was last exchanged.
    add column last_used_at timestamptz not null default now(),
    -- Of that request; null if the gateway named none.
    add column address text,
    add column user_agent text;

-- Gateways ask every second which sessions have ended since they last asked.
create index families_by_revoked_at on families (revoked_at, id) where revoked_at is not null;

grant update (last_used_at, address, user_agent) on families to users_service;

-- Administrators change roles.
grant update (role) on users to users_service;
