-- Events that wait, that are due later, and that were sent. This file is a copy of shared/messaging/migrations;
-- `cargo xtask tidy` keeps the copies equal.

alter table outbox
    -- AMQP type where it is not the routing key: a replayed dead letter goes to the inbox by the inbox's name.
    add column wire_type text,
    -- Later events of the same key are held while this one can't be delivered.
    add column hold_key boolean not null default false,
    -- Nobody needs to listen: that no queue wants it counts as delivered.
    add column allow_unrouted boolean not null default false,
    -- Set at the first failure: from then on it is parked rather than wait for a route that is closed.
    add column gives_up_at timestamptz;

-- A row that can't go now waits in the shadow of its lane, -1 - lane: reads of the lane don't meet it, however many
-- such rows there are, and its id keeps its place.
alter table outbox drop constraint outbox_lane_range;
alter table outbox add constraint outbox_lane_range check (lane between -8 and 7);

-- Partial, so that rows which nothing stops never touch them.
-- What is due again; an event held for its key has `not_before = infinity`.
create index outbox_waiting_due on outbox (lane, not_before) where lane < 0;
-- What waits for one route: the relay tries one of them, and all when that one arrived.
create index outbox_waiting_route on outbox (exchange, routing_key, lane, id) where lane < 0;
-- What is held behind one event of its key.
create index outbox_waiting_key on outbox (lane, ordering_key, id) where lane < 0;

-- Keys that are held, each by the event that could not be delivered: it waits, or it was parked.
create table outbox_held_keys (
    lane         smallint not null,
    ordering_key text     not null,
    event_id     uuid     not null,
    constraint outbox_held_keys_pkey primary key (lane, ordering_key)
);

-- Events that are to be published later. The owner of lane 0 moves them into the outbox when they are due.
create table outbox_scheduled (
    -- UUID version 7 with the time at which the event is due, not at which it was scheduled: the consumer's inbox
    -- knows events by the day inside their ids, for some days.
    event_id       uuid        not null,
    due_at         timestamptz not null,
    lane           smallint    not null,
    exchange       text        not null,
    routing_key    text        not null,
    ordering_key   text        not null,
    sequence       bigint      not null,
    correlation_id uuid        not null,
    traceparent    text,
    content_type   text        not null,
    payload        bytea       not null,
    hold_key       boolean     not null,
    allow_unrouted boolean     not null,
    constraint outbox_scheduled_pkey primary key (event_id),
    constraint outbox_scheduled_lane_range check (lane between 0 and 7)
);

create index outbox_scheduled_by_due on outbox_scheduled (due_at, event_id);

-- What was sent, when the service keeps a history. Partitioned by the day of `sent_at` (UTC), so that retention is a
-- drop. There is no default partition: a day whose rows are in it could not get its own.
create table outbox_archive (
    sent_at        timestamptz not null,
    event_id       uuid        not null,
    exchange       text        not null,
    routing_key    text        not null,
    wire_type      text        not null,
    ordering_key   text        not null,
    sequence       bigint      not null,
    correlation_id uuid        not null,
    traceparent    text,
    content_type   text        not null,
    payload        bytea       not null,
    occurred_at    timestamptz not null,
    -- Times that it could not be delivered before.
    attempts       smallint    not null
) partition by range (sent_at);

-- "What became of this event?" is what people ask of it.
create index outbox_archive_by_event on outbox_archive (event_id);

-- Creates the partitions from today to `days_ahead` days from now, and drops those of days before `days_kept` days
-- ago. It runs with the rights of its owner, the migration role: services themselves run no DDL.
create function outbox_archive_maintain(days_kept integer, days_ahead integer) returns integer
    language plpgsql
    security definer
    set search_path from current
    set lock_timeout = '2s'
as $$
declare
    today   date := (now() at time zone 'utc')::date;
    day     date;
    child   text;
    changed integer := 0;
begin
    -- One replica at a time; the others find the work done.
    perform pg_advisory_xact_lock(hashtext('outbox_archive_maintain'), hashtext(current_schema()));
    for day in select d::date from generate_series(today, today + days_ahead, interval '1 day') as d loop
        child := 'outbox_archive_' || to_char(day, 'YYYYMMDD');
        if to_regclass(child) is null then
            -- Attaching takes a weaker lock on the parent than creating in place does.
            execute format('create table %I (like outbox_archive including defaults including constraints)', child);
            execute format(
                'alter table outbox_archive attach partition %I for values from (%L) to (%L)',
                child, day::timestamp at time zone 'utc', (day + 1)::timestamp at time zone 'utc'
            );
            changed := changed + 1;
        end if;
    end loop;
    for child in
        select c.relname
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'outbox_archive'::regclass
          and c.relname < 'outbox_archive_' || to_char(today - days_kept, 'YYYYMMDD')
    loop
        execute format('drop table %I', child);
        changed := changed + 1;
    end loop;
    return changed;
end
$$;

-- Age in seconds of the oldest snapshot of this database: while it is held, no dead row of the outbox can be removed.
-- It runs with the rights of its owner, because a service's role may not look at the sessions of others.
create function outbox_oldest_snapshot_seconds() returns double precision
    language sql
    security definer
    set search_path from current
as $$
    select coalesce(max(extract(epoch from clock_timestamp() - held.since)), 0)::double precision
    from (
        select xact_start as since
        from pg_stat_activity
        where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
        union all
        select prepared as since from pg_prepared_xacts where database = current_database()
    ) as held
$$;

do $$
declare
    role text := current_schema() || '_service';
begin
    revoke all on function outbox_archive_maintain(integer, integer) from public;
    revoke all on function outbox_oldest_snapshot_seconds() from public;
    if exists (select from pg_roles where rolname = role) then
        -- Update: a row is locked, never changed.
        execute format('grant select, insert, update, delete on outbox_held_keys to %I', role);
        execute format('grant select, insert, update, delete on outbox_scheduled to %I', role);
        execute format('grant select, insert on outbox_archive to %I', role);
        execute format('grant execute on function outbox_archive_maintain(integer, integer) to %I', role);
        execute format('grant execute on function outbox_oldest_snapshot_seconds() to %I', role);
    end if;
end
$$;
