-- What was done, tried or refused, by whom and from where: sign-ins, passwords, sessions, blocks, roles, refusals. Rows
-- are only added; the service can't change or delete one.
create table audit_events (
    -- The order of insertion, and the cursor of the list.
    id         bigint      not null generated always as identity,
    -- Not to be chosen by the service: see the grants.
    at         timestamptz not null default now(),
    -- `sign_in`, `role_change`: `Kind` in users-service/src/audit/kind.rs.
    kind       text        not null,
    outcome    text        not null,
    -- Equal refusals within a second, or all that were too many to be listed, are one row.
    count      bigint      not null default 1,
    -- Who did it; null if that is not known, and for the command line.
    actor_id   bigint,
    -- The user whom it is about; null if the login is unknown. A login that no user has is not stored: it may be a
    -- password.
    subject_id bigint,
    -- Of the client, as the gateway has signed it.
    address    text,
    -- Of the request, or of the first of several.
    request_id text,
    detail     text,
    constraint audit_events_pkey primary key (id),
    constraint audit_events_kind_plain check (kind ~ '^[a-z_]{3,40}$'),
    constraint audit_events_outcome_known check (outcome in ('done', 'failed', 'refused')),
    constraint audit_events_count_positive check (count > 0),
    constraint audit_events_texts_short check (
        char_length(address) <= 45 and char_length(request_id) <= 64 and char_length(detail) <= 100
    )
);

-- Filters of the list, which is read from the newest row.
create index audit_events_by_actor on audit_events (actor_id, id) where actor_id is not null;
create index audit_events_by_subject on audit_events (subject_id, id) where subject_id is not null;
create index audit_events_by_kind on audit_events (kind, id);
-- Old rows are deleted by age.
create index audit_events_by_at on audit_events (at);

grant select on audit_events to users_service;
grant insert (kind, outcome, count, actor_id, subject_id, address, request_id, detail) on audit_events to users_service;

-- Deletes some of the rows that are older than so many days, and returns how many. It keeps at least 30 days, whoever
-- calls it: a compromised service can't hide what it has done.
create function audit_events_delete_old(keep_days integer) returns bigint
    language sql
    security definer
    set search_path = pg_catalog, users, pg_temp
as $$
    with old as (
        select id from users.audit_events
        where at < pg_catalog.now() - pg_catalog.make_interval(days => greatest(keep_days, 30))
        order by at limit 10000
    ), deleted as (
        delete from users.audit_events where id in (select id from old) returning id
    )
    select count(*) from deleted
$$;

revoke all on function audit_events_delete_old(integer) from public;
grant execute on function audit_events_delete_old(integer) to users_service;
grant select, delete on audit_events to users_owner;
alter function audit_events_delete_old(integer) owner to users_owner;
