-- The outbox and the inbox of one service. This file is a copy of shared/messaging/migrations;
-- `cargo xtask tidy` keeps the copies equal.

-- Events that are committed but not yet confirmed by the broker. A row is inserted with the state it tells of and
-- deleted when RabbitMQ has confirmed it: half the write-ahead log of marking it, and a table that stays small.
create table outbox (
    -- hash(ordering_key) % 8. One relay at a time owns a lane, so that events of one key leave in order.
    lane           smallint    not null,
    -- Order inside a lane. The sequence must not cache: ids of later commits on one key must be greater.
    id             bigint      not null generated always as identity,
    -- AMQP message id, CloudEvents id, and the key of the consumer's inbox. UUID version 7.
    event_id       uuid        not null,
    exchange       text        not null,
    routing_key    text        not null,
    ordering_key   text        not null,
    -- Version of the thing that the event is about, after the event.
    sequence       bigint      not null,
    -- The first event of the chain that led here.
    correlation_id uuid        not null,
    -- W3C trace context of whoever appended the event: the trace goes on where the relay publishes it.
    traceparent    text,
    content_type   text        not null,
    payload        bytea       not null,
    occurred_at    timestamptz not null,
    -- Touched on failure only.
    attempts       smallint    not null default 0,
    not_before     timestamptz,
    last_error     text,
    constraint outbox_pkey primary key (lane, id),
    constraint outbox_lane_range check (lane between 0 and 7)
) with (
    -- Rows live for milliseconds: vacuum by count, not by share, and at full speed.
    fillfactor = 90,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);

-- Events that this service has handled. The row commits with the effect, so a repeated delivery is recognised.
-- Partitioned by the day inside the UUID version 7, so the key stays unique over all days and retention is a drop.
-- There is no default partition on purpose: an event from beyond the window must fail, not be handled again.
create table inbox (
    event_id uuid        not null,
    done_at  timestamptz not null default now(),
    constraint inbox_pkey primary key (event_id)
) partition by range (event_id);

-- The smallest UUID version 7 of a day (UTC).
create function inbox_day_start(day date) returns uuid
    language sql immutable strict
as $$
    select (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-0000-0000-000000000000')::uuid
    from lpad(to_hex((extract(epoch from day::timestamp) * 1000)::bigint), 12, '0') as ms
$$;

-- Creates the partitions from `days_kept` days ago to `days_ahead` days from now, and drops older ones.
-- It runs with the rights of its owner, the migration role: services themselves run no DDL.
create function inbox_maintain(days_kept integer, days_ahead integer) returns integer
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
    perform pg_advisory_xact_lock(hashtext('inbox_maintain'), hashtext(current_schema()));
    for day in select d::date from generate_series(today - days_kept, today + days_ahead, interval '1 day') as d loop
        child := 'inbox_' || to_char(day, 'YYYYMMDD');
        if to_regclass(child) is null then
            -- Attaching takes a weaker lock on the parent than creating in place does.
            execute format('create table %I (like inbox including defaults including constraints)', child);
            execute format(
                'alter table inbox attach partition %I for values from (%L) to (%L)',
                child, inbox_day_start(day), inbox_day_start(day + 1)
            );
            changed := changed + 1;
        end if;
    end loop;
    for child in
        select c.relname
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'inbox'::regclass
          and c.relname < 'inbox_' || to_char(today - days_kept, 'YYYYMMDD')
    loop
        execute format('drop table %I', child);
        changed := changed + 1;
    end loop;
    return changed;
end
$$;

select inbox_maintain(7, 3);

-- The service's own role, `<schema>_service`, works with the rows and calls the function; it owns nothing.
do $$
declare
    role text := current_schema() || '_service';
begin
    revoke all on function inbox_maintain(integer, integer) from public;
    if exists (select from pg_roles where rolname = role) then
        execute format('grant usage on schema %I to %I', current_schema(), role);
        execute format('grant select, insert, update, delete on outbox to %I', role);
        execute format('grant select, insert on inbox to %I', role);
        execute format('grant execute on function inbox_maintain(integer, integer) to %I', role);
    end if;
end
$$;
