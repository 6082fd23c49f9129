-- What is replayed goes out as it was appended. This file is a copy of shared/messaging/migrations; `cargo xtask tidy`
-- keeps the copies equal.

alter table dead_letters
    -- Of an outgoing event: nobody needs to hear it.
    add column allow_unrouted boolean not null default false;
