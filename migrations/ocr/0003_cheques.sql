-- Cheques as they were first read. From then on router-service owns the cheque; this row is what is announced again.
create table cheques (
    -- The key of the share link, which is the only secret of it.
    hash        text        not null,
    -- Who took the photo.
    owner_id    bigint      not null,
    -- What was read. Null once the cheque was deleted or has expired: the row stays, so that the link says so.
    cheque      jsonb,
    -- Where the photo is in the store of photos. Null once it is deleted there: set after the file is gone, so that a
    -- crash between the two leaves work to do and no file behind.
    photo_key   text,
    photo_bytes bigint      not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    -- When it was deleted by its owner, or found expired.
    deleted_at  timestamptz,
    constraint cheques_pkey primary key (hash),
    constraint cheques_hash_well_formed check (hash ~ '^[0-9A-Za-z]{22}$'),
    constraint cheques_owner_id_positive check (owner_id > 0),
    constraint cheques_photo_bytes_positive check (photo_bytes > 0),
    constraint cheques_expire_later check (expires_at > created_at),
    -- What is deleted is empty, and only that; only a deleted cheque can be without its photo.
    constraint cheques_deleted_is_empty check ((deleted_at is null) = (cheque is not null)),
    constraint cheques_photo_until_deleted check (deleted_at is not null or photo_key is not null)
);

-- The janitor's two questions: whose time is over, and whose photo is still to be deleted.
create index cheques_open_by_expiry on cheques (expires_at) where deleted_at is null;
create index cheques_with_photo_to_delete on cheques (deleted_at) where deleted_at is not null and photo_key is not null;

grant select, insert on cheques to ocr_service;
-- Column by column: the role can empty a cheque, and never give it to somebody else.
grant update (cheque, photo_key, deleted_at) on cheques to ocr_service;
