-- A bill can have several photos, and one that was entered by hand has none at first.

alter table cheques
    -- Of a bill by hand.
    drop constraint cheques_photo_until_deleted,
    drop constraint cheques_photo_bytes_positive,
    add constraint cheques_photo_bytes_not_negative check (photo_bytes >= 0);

-- The photos of a cheque, except photo 1 of one that began with a photo: that is in `cheques`, where the previous release
-- finds it.
create table pages (
    hash        text        not null,
    -- Never used again for another photo, not even if this one was taken again.
    page        integer     not null,
    photo_key   text        not null,
    photo_bytes bigint      not null,
    created_at  timestamptz not null,
    constraint pages_pkey primary key (hash, page),
    constraint pages_cheque foreign key (hash) references cheques (hash),
    constraint pages_photo_key_unique unique (photo_key),
    constraint pages_page_positive check (page > 0),
    constraint pages_photo_bytes_positive check (photo_bytes > 0)
);

-- A row is deleted after its file.
grant select, insert, delete on pages to ocr_service;
