-- Shared cheques. Amounts are in minor units (kopecks), except inside jsonb, where they are as on the wire.

-- A cheque from the moment it is known here. Its row is the lock of everything below.
create table cheques (
    -- The key of the share link, its only secret: 22 characters of base62.
    hash             text        not null,
    owner_id         bigint      not null,
    -- As read or corrected. Null once deleted: the row stays as a tombstone, so that a late ChequeRecognized does not
    -- bring the cheque back.
    cheque           jsonb,
    -- The owner says that it is right although it does not add up.
    confirmed        boolean     not null default false,
    -- How it is divided, and the tip.
    method           jsonb       not null,
    -- Number of the latest participant: a number is never given twice, also after a guest was merged into a user.
    last_participant integer     not null,
    -- Grows by one per change; sockets and events carry it, so that late news is recognised.
    version          bigint      not null,
    created_at       timestamptz not null,
    expires_at       timestamptz not null,
    deleted_at       timestamptz,
    constraint cheques_pkey primary key (hash),
    constraint cheques_hash_well_formed check (hash ~ '^[0-9A-Za-z]{22}$'),
    constraint cheques_owner_id_positive check (owner_id > 0),
    constraint cheques_version_positive check (version > 0),
    constraint cheques_blank_when_deleted check ((cheque is null) = (deleted_at is not null))
);

-- Who shares a cheque. Number 1 is its owner.
create table participants (
    hash       text    not null,
    id         integer not null,
    name       text,
    user_id    bigint,
    -- SHA-256 of a guest's secret. The secret itself is stored nowhere.
    token_hash bytea,
    -- What was due when the owner said that it was paid outside.
    cash       jsonb,
    constraint participants_pkey primary key (hash, id),
    constraint participants_cheque_fkey foreign key (hash) references cheques (hash),
    constraint participants_id_positive check (id > 0),
    constraint participants_user_id_positive check (user_id > 0),
    constraint participants_token_hash_length check (length(token_hash) = 32),
    -- A user is one participant of a cheque; also finds the cheques that a user joined.
    constraint participants_user_once unique (user_id, hash)
);

-- Who took which part of which line. That the parts of a line make at most the whole is checked under the lock of the
-- cheque's row.
create table claims (
    hash        text    not null,
    -- Number of the line within the cheque.
    line        integer not null,
    participant integer not null,
    -- A reduced fraction.
    numerator   bigint  not null,
    denominator bigint  not null,
    constraint claims_pkey primary key (hash, line, participant),
    constraint claims_participant_fkey foreign key (hash, participant) references participants (hash, id),
    constraint claims_part_of_whole check (0 < numerator and numerator <= denominator)
);

-- Every attempt of a participant to pay the owner, refused ones too.
create table transfers (
    transfer_id uuid        not null,
    hash        text        not null,
    participant integer     not null,
    -- 1 for the first attempt of this participant: the last one tells how far they are.
    attempt     integer     not null,
    from_user   bigint      not null,
    to_user     bigint      not null,
    amount      bigint      not null,
    -- What the amount consists of, fixed when the attempt began.
    breakdown   jsonb       not null,
    state       text        not null default 'pending',
    reason      text,
    -- How often payments was asked, and when last: an answer may be lost with the broker.
    asked_times integer     not null default 1,
    asked_at    timestamptz not null,
    created_at  timestamptz not null,
    constraint transfers_pkey primary key (transfer_id),
    constraint transfers_participant_fkey foreign key (hash, participant) references participants (hash, id),
    constraint transfers_attempt_once unique (hash, participant, attempt),
    constraint transfers_amount_positive check (amount > 0),
    constraint transfers_two_users check (from_user <> to_user),
    constraint transfers_state_known check (state in ('pending', 'paid', 'failed')),
    constraint transfers_reason_when_failed check ((reason is null) = (state <> 'failed'))
);

-- One open transfer per participant, whatever the code believes.
create unique index transfers_one_pending on transfers (hash, participant) where state = 'pending';
-- What may have to be asked again.
create index transfers_unanswered on transfers (asked_at) where state = 'pending';
-- The cheques of an owner, newest first.
create index cheques_by_owner on cheques (owner_id, created_at desc) where deleted_at is null;

grant select, insert, update on cheques to router_service;
grant select, insert, update, delete on participants, claims to router_service;
grant select, insert on transfers to router_service;
-- Column by column: what an attempt was never changes.
grant update (state, reason, asked_times, asked_at) on transfers to router_service;
