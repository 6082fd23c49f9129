-- Groups: people who share bills again and again. Amounts are in hundredths of their currency.

-- A group from its creation. Its row is the lock of everything below.
create table groups (
    -- The key of the invite link, its only secret: 22 characters of base62.
    key          text        not null,
    name         text        not null,
    owner_id     bigint      not null,
    -- Whether others can join.
    joining_open boolean     not null default true,
    -- Numbers of the latest member and expense: a number is never given twice.
    last_member  integer     not null,
    last_expense integer     not null default 0,
    created_at   timestamptz not null,
    constraint groups_pkey primary key (key),
    constraint groups_key_well_formed check (key ~ '^[0-9A-Za-z]{22}$'),
    constraint groups_owner_id_positive check (owner_id > 0)
);

-- Who is or was in a group. Members who left stay for what they have shared; who joins again is the same member.
create table group_members (
    key       text        not null,
    id        integer     not null,
    name      text        not null,
    -- Null for a person without an account.
    user_id   bigint,
    joined_at timestamptz not null,
    left_at   timestamptz,
    constraint group_members_pkey primary key (key, id),
    constraint group_members_group_fkey foreign key (key) references groups (key),
    constraint group_members_id_positive check (id > 0),
    constraint group_members_user_id_positive check (user_id > 0),
    -- A user is one member of a group; also finds the groups of a user.
    constraint group_members_user_once unique (user_id, key)
);

-- Expenses entered by hand. Every edit is a new row, so that what was changed can be seen; the last revision counts.
create table group_expenses (
    key        text        not null,
    id         integer     not null,
    revision   integer     not null,
    title      text        not null,
    spent_on   date        not null,
    currency   text        not null,
    amount     bigint      not null,
    -- Amounts by member.
    paid_by    jsonb       not null,
    -- Who bears it: equally, by shares, or exact amounts.
    split      jsonb       not null,
    deleted    boolean     not null default false,
    changed_by integer     not null,
    changed_at timestamptz not null,
    constraint group_expenses_pkey primary key (key, id, revision),
    constraint group_expenses_changed_by_fkey foreign key (key, changed_by) references group_members (key, id),
    constraint group_expenses_revision_positive check (revision > 0),
    constraint group_expenses_amount_positive check (amount > 0)
);

-- The bills that count in a group. A bill counts in one group at most.
create table group_cheques (
    hash     text        not null,
    key      text        not null,
    added_at timestamptz not null,
    constraint group_cheques_pkey primary key (hash),
    constraint group_cheques_cheque_fkey foreign key (hash) references cheques (hash),
    constraint group_cheques_group_fkey foreign key (key) references groups (key)
);
create index group_cheques_by_group on group_cheques (key);

-- Participants of these bills who are members although not by their user.
create table group_cheque_members (
    hash        text    not null,
    participant integer not null,
    key         text    not null,
    member      integer not null,
    constraint group_cheque_members_pkey primary key (hash, participant),
    constraint group_cheque_members_cheque_fkey foreign key (hash) references group_cheques (hash),
    constraint group_cheque_members_participant_fkey foreign key (hash, participant) references participants (hash, id),
    constraint group_cheque_members_member_fkey foreign key (key, member) references group_members (key, id)
);

-- Which participant of a bill in a group is which member: by their user, else as said for the bill.
create view group_participants as
select c.key, p.hash, p.id as participant, coalesce(m.id, said.member) as member
from group_cheques c
join participants p on p.hash = c.hash and p.removed_at is null
left join group_cheque_members said on said.hash = p.hash and said.participant = p.id
left join group_members m on m.key = c.key and m.user_id = p.user_id and m.left_at is null
where coalesce(m.id, said.member) is not null;

-- Payments between members, refused ones too.
create table group_settlements (
    -- Also the id of the transfer, when the money is moved between accounts.
    id          uuid        not null,
    key         text        not null,
    from_member integer     not null,
    to_member   integer     not null,
    currency    text        not null,
    amount      bigint      not null,
    -- Both null for cash.
    from_user   bigint,
    to_user     bigint,
    recorded_by integer     not null,
    state       text        not null,
    reason      text,
    -- How often payments was asked, and when last: an answer may be lost with the broker.
    asked_times integer     not null default 1,
    asked_at    timestamptz not null,
    created_at  timestamptz not null,
    constraint group_settlements_pkey primary key (id),
    constraint group_settlements_from_fkey foreign key (key, from_member) references group_members (key, id),
    constraint group_settlements_to_fkey foreign key (key, to_member) references group_members (key, id),
    constraint group_settlements_amount_positive check (amount > 0),
    constraint group_settlements_two_members check (from_member <> to_member),
    constraint group_settlements_both_users check ((from_user is null) = (to_user is null)),
    -- Cash that was recorded by mistake is withdrawn.
    constraint group_settlements_state_known check (state in ('pending', 'paid', 'failed', 'withdrawn')),
    constraint group_settlements_only_cash_is_withdrawn check (state <> 'withdrawn' or from_user is null),
    constraint group_settlements_cash_is_not_asked check (from_user is not null or state in ('paid', 'withdrawn')),
    constraint group_settlements_reason_when_failed check ((reason is null) = (state <> 'failed'))
);
create index group_settlements_by_group on group_settlements (key);
-- What may have to be asked again.
create index group_settlements_unanswered on group_settlements (asked_at) where state = 'pending';

grant select, insert, update on groups to router_service;
grant select, insert, update on group_members to router_service;
-- A revision never changes.
grant select, insert on group_expenses to router_service;
grant select, insert, delete on group_cheques, group_cheque_members to router_service;
grant select on group_participants to router_service;
grant select, insert on group_settlements to router_service;
-- Column by column: what a payment was never changes.
grant update (state, reason, asked_times, asked_at) on group_settlements to router_service;
