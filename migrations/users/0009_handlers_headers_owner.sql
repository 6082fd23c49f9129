-- Several handlers of one event, ids of foreign producers, headers, and one service per schema. This file is a copy of
-- shared/messaging/migrations; `cargo xtask tidy` keeps the copies equal.

-- Each handler of an event has its own row. The first handler of a type is '' : rows of the previous release, which
-- knows one handler per type, are its rows.
alter table inbox add column handler text not null default '';
alter table inbox drop constraint inbox_pkey;
alter table inbox add constraint inbox_pkey primary key (event_id, handler);

-- What can't be found by the day inside its id: events of foreign producers, which have ids of any kind, and events that
-- an operator had delivered although the inbox had forgotten their day. Kept by the day on which they were handled.
create table inbox_by_key (
    handler text        not null,
    key     text        not null,
    done_at timestamptz not null default now(),
    constraint inbox_by_key_pkey primary key (handler, key)
);

-- Rows are deleted when they are older than the window.
create index inbox_by_key_by_age on inbox_by_key (done_at);

-- Headers that the publisher set, and those that tell a consumer how a replay is meant: an object of texts.
alter table outbox add column headers jsonb;
alter table outbox_scheduled add column headers jsonb;
alter table outbox_archive add column headers jsonb;

alter table dead_letters
    -- Headers of the message; those that an operator would miss in the next try.
    add column headers jsonb,
    -- The event that was published instead, with a payload that an operator edited.
    add column replaced_by uuid;

-- The service whose schema this is: two services in one schema would drop each other's events as repeats.
create table messaging_owner (
    service text not null,
    -- At most one row.
    is_owner boolean not null default true,
    constraint messaging_owner_pkey primary key (is_owner),
    constraint messaging_owner_is_one check (is_owner)
);

do $$
declare
    role text := current_schema() || '_service';
begin
    if exists (select from pg_roles where rolname = role) then
        execute format('grant select, insert, delete on inbox_by_key to %I', role);
        execute format('grant select, insert on messaging_owner to %I', role);
        -- Settled letters are deleted after some time.
        execute format('grant delete on dead_letters to %I', role);
    end if;
end
$$;
