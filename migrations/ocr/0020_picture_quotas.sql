-- How many pictures each user had read today, and how large they were: reading takes seconds of a processor, and photos
-- are kept. Pictures that could not be read count too.
create table picture_quotas (
    user_id  bigint  not null,
    -- In UTC.
    day      date    not null,
    pictures bigint  not null,
    bytes    bigint  not null,
    constraint picture_quotas_pkey primary key (user_id, day),
    constraint picture_quotas_positive check (pictures >= 0 and bytes >= 0)
);

-- Past days are deleted.
create index picture_quotas_day on picture_quotas (day);

grant select, insert, update, delete on picture_quotas to ocr_service;
