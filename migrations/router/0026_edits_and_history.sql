-- At which version each line and each field of a bill was last changed, so that an edit conflicts only with a later edit of
-- the same line or field. `at` is the cheque_version that it was written with: after an edit by a replica of the previous
-- release it is another one, and everything counts as changed at cheque_version. Null: nothing was edited since the bill
-- was opened, or only by such replicas.
alter table cheques add column last_changes jsonb;

-- The history of a bill is bounded: an entry that is only about a claim is joined with earlier ones about the same claim.
alter table activity
    -- The claim that the entry is about, if it is about nothing else.
    add column claimed_line integer,
    add column claimant integer,
    -- Only about claims and names: the oldest of these are deleted when there are too many.
    add column light boolean not null default false,
    -- How many changes were joined in this entry.
    add column times integer not null default 1,
    add constraint activity_times_positive check (times > 0),
    add constraint activity_claim_whole check ((claimed_line is null) = (claimant is null));
