-- What a transfer was for, so that a statement can say it. Null for transfers that were decided before.
alter table transfers
    -- The key of the bill's share link.
    add column cheque_hash  text,
    -- What the bill was called at that time; its owner may name it otherwise later.
    add column merchant     text,
    add column purchased_on date,
    -- The name of the participant who settled, or got money back.
    add column participant  text;
