-- The payer does it all for people without a device, several participants pay the restaurant, and who has not paid is
-- reminded. Amounts are in minor units of the bill's currency.

alter table participants
    -- What they have paid to the restaurant; 0 for the owner, who has paid the rest of the total.
    add column advance         bigint  not null default 0,
    -- How they have paid outside the app: cash or other; null if unknown.
    add column outside_means   text,
    add column outside_note    text,
    -- What they say they have paid, until the receiver confirms it.
    add column reported_amount bigint,
    add column reported_to     integer,
    add column reported_note   text,
    add column reminded_at     timestamptz,
    add column reminded_times  integer not null default 0,
    add constraint participants_advance_not_negative check (advance >= 0),
    add constraint participants_outside_means_known check (outside_means in ('cash', 'other')),
    add constraint participants_report_complete check ((reported_amount is null) = (reported_to is null)),
    add constraint participants_reported_amount_positive check (reported_amount > 0);

-- Who receives the money if several have paid the restaurant; null if it moves between the participant and the owner who
-- alone has paid it.
alter table transfers
    add column to_participant integer,
    add constraint transfers_to_participant_fkey foreign key (hash, to_participant) references participants (hash, id),
    add constraint transfers_to_another check (to_participant <> participant);

comment on table transfers is
    'Every attempt to move money between two participants, refused ones too. Without to_participant, a refund goes from the owner.';

-- What participants have paid each other outside the app while several had paid the restaurant, less what was given back.
-- The amounts are a part of participants.cash.
create table cash_between (
    hash     text    not null,
    payer    integer not null,
    receiver integer not null,
    amount   bigint  not null,
    constraint cash_between_pkey primary key (hash, payer, receiver),
    constraint cash_between_payer_fkey foreign key (hash, payer) references participants (hash, id),
    constraint cash_between_receiver_fkey foreign key (hash, receiver) references participants (hash, id),
    constraint cash_between_two check (payer <> receiver)
);

grant select, insert, update on cash_between to router_service;
