-- Who changed what on a cheque, for as long as the cheque exists.
create table activity (
    hash        text        not null,
    -- The version of the cheque that the change has made.
    version     bigint      not null,
    at          timestamptz not null,
    -- The participant who made the change; null for the answer of payments-service about a transfer.
    participant integer,
    -- What has changed, with the names of that time.
    changes     jsonb       not null,
    constraint activity_pkey primary key (hash, version),
    constraint activity_cheque_fkey foreign key (hash) references cheques (hash),
    constraint activity_version_positive check (version > 0)
);

-- Entries are written once; they go when the owner deletes the cheque.
grant select, insert, delete on activity to router_service;
