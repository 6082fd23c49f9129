-- Money can be given back, participants can leave, and the owner can close a cheque for others.

-- Those who left, or became another participant, stay for their transfers.
alter table participants add column removed_at timestamptz;

alter table cheques
    -- Whether others can join.
    add column joining_open boolean not null default true,
    -- The version at which the bill itself was last changed: an edit that is based on an older one is refused.
    add column cheque_version bigint not null default 1,
    add constraint cheques_cheque_version_known check (0 < cheque_version and cheque_version <= version);

-- What the transfer pays of a bill in another currency; null if it is the amount.
alter table transfers
    add column bill_amount bigint,
    add constraint transfers_bill_amount_positive check (bill_amount > 0);

comment on table transfers is
    'Every attempt to move money between a participant and the owner, refused ones too. A refund goes from the owner.';
