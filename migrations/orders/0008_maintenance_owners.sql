-- Maintenance without a superuser's rights, and without stalling inserts. This file is a copy of
-- shared/messaging/migrations; `cargo xtask tidy` keeps the copies equal.
--
-- A `security definer` function runs with the rights of its owner, so the owner has as few as possible:
--   `<schema>_owner`    owns inbox, outbox_archive, their partitions, and the functions that create and drop these;
--   `<schema>_monitor`  owns outbox_oldest_snapshot_seconds. It is a member of pg_read_all_stats, because PostgreSQL
--                       shows the snapshots of other roles' sessions to nobody else. That is a right beyond the
--                       schema, so the owner of tables does not get it, and this role gets nothing else.
-- Neither can log in. Where they do not exist, everything stays with the role that applies this file.
--
-- Unless `pg_temp` is named in a search path, it is searched first for types and tables, and a caller could put its
-- own `pg_temp.date` in the way. So these functions have the search path `pg_catalog, <schema>, pg_temp`, and their
-- bodies qualify the names of the schema.

-- Another session's maintenance could add a partition while owners change.
select set_config('lock_timeout', '5s', true);
select pg_advisory_xact_lock(hashtext('inbox_maintain'), hashtext(current_schema()));
select pg_advisory_xact_lock(hashtext('outbox_archive_maintain'), hashtext(current_schema()));

-- Defines a function of this schema: {schema} is its quoted name, {schema_text} its name as a string. Only for this
-- file, which drops it at the end.
create function define_function(definition text) returns void
    language plpgsql
as $$
declare
    own text := current_schema();
begin
    definition := replace(definition, '{search_path}', format('pg_catalog, %I, pg_temp', own));
    definition := replace(definition, '{schema_text}', quote_literal(own));
    execute replace(definition, '{schema}', quote_ident(own));
end
$$;

-- Creates one day's partition of a table of this schema; returns its name, null if it is there.
select define_function($definition$
create function {schema}.maintenance_create_partition(parent text, day date, lower_bound text, upper_bound text)
    returns text
    language plpgsql
    set search_path = {search_path}
as $body$
declare
    child text := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
begin
    if to_regclass(format('%I.%I', {schema_text}, child)) is not null then
        return null;
    end if;
    -- Not created in place: that would lock the parent against inserts. Attaching takes SHARE UPDATE EXCLUSIVE on it,
    -- and adopts the indexes of the new table instead of building its own.
    execute format(
        'create table %1$I.%2$I (like %1$I.%3$I including defaults including generated including constraints '
        'including indexes including storage)',
        {schema_text}, child, parent
    );
    execute format(
        'alter table %1$I.%3$I attach partition %1$I.%2$I for values from (%4$L) to (%5$L)',
        {schema_text}, child, parent, lower_bound, upper_bound
    );
    return child;
end
$body$
$definition$);

-- Drops the oldest partition of a day before `days_kept` days ago (UTC) that no session uses. `dropped` is its name,
-- null if there was none to drop; `busy` counts those that were passed over because they are in use. A busy partition
-- is no error: the next call finds it again.
--
-- Only one per call: the parent stays locked until the transaction ends. Dropping takes ACCESS EXCLUSIVE on partition
-- and parent, and inserts queue behind a request for the parent's. So the partition's lock comes first and is not
-- waited for: a reader of the partition ends this attempt before the parent is touched. The parent's is waited for as
-- long as `lock_timeout` of the calling function says, which bounds what an insert waits. `detach partition
-- concurrently` would not lock the parent so, but it runs in no function and no transaction, and needs a session of the
-- owner, which does not log in.
select define_function($definition$
create function {schema}.maintenance_drop_partition(
    parent text, days_kept integer, out dropped text, out busy integer
)
    language plpgsql
    set search_path = {search_path}
as $body$
declare
    first_kept text := format('%s_%s', parent, to_char((now() at time zone 'utc')::date - days_kept, 'YYYYMMDD'));
    child      text;
    at_parent  boolean;
begin
    busy := 0;
    for child in
        select c.relname
        from pg_inherits i
        join pg_class c on c.oid = i.inhrelid
        where i.inhparent = format('%I.%I', {schema_text}, parent)::regclass
          and c.relname ~ format('^%s_[0-9]{8}$', parent)
          and c.relname < first_kept
        order by c.relname
    loop
        at_parent := false;
        begin
            execute format('lock table only %I.%I in access exclusive mode nowait', {schema_text}, child);
            at_parent := true;
            execute format('lock table only %I.%I in access exclusive mode', {schema_text}, parent);
            execute format('drop table %I.%I', {schema_text}, child);
            dropped := child;
            return;
        exception
            -- A deadlock only where `deadlock_timeout` is shorter than the wait: a reader of all partitions.
            when lock_not_available or deadlock_detected then
                busy := busy + 1;
                -- Whoever uses the parent is in the way of every partition.
                exit when at_parent;
        end;
    end loop;
end
$body$
$definition$);

-- Creates the missing partitions of the inbox from `days_kept` days ago to `days_ahead` days from now (UTC). Returns
-- their names; null if another session maintains the inbox right now.
select define_function($definition$
create function {schema}.inbox_create_partitions(days_kept integer, days_ahead integer) returns text[]
    language plpgsql
    security definer
    set search_path = {search_path}
    set lock_timeout = '2s'
as $body$
declare
    today date := (now() at time zone 'utc')::date;
begin
    -- A service must not be able to fill the schema with tables.
    if (days_kept between 1 and 366 and days_ahead between 0 and 366) is not true then
        raise invalid_parameter_value using message = 'inbox_create_partitions: days out of range';
    end if;
    if not pg_try_advisory_xact_lock(hashtext('inbox_maintain'), hashtext({schema_text})) then
        return null;
    end if;
    return array(
        select created.child
        from generate_series(-days_kept, days_ahead) as n (days),
             {schema}.maintenance_create_partition(
                 'inbox',
                 today + n.days,
                 {schema}.inbox_day_start(today + n.days)::text,
                 {schema}.inbox_day_start(today + n.days + 1)::text
             ) as created (child)
        where created.child is not null
    );
end
$body$
$definition$);

-- Drops one partition of the inbox, as maintenance_drop_partition tells.
select define_function($definition$
create function {schema}.inbox_drop_partitions(days_kept integer, out dropped text, out busy integer)
    language plpgsql
    security definer
    set search_path = {search_path}
    set lock_timeout = '100ms'
as $body$
begin
    -- A service must not be able to forget what it handled today.
    if (days_kept between 1 and 366) is not true then
        raise invalid_parameter_value using message = 'inbox_drop_partitions: days out of range';
    end if;
    busy := 0;
    if pg_try_advisory_xact_lock(hashtext('inbox_maintain'), hashtext({schema_text})) then
        select d.dropped, d.busy into dropped, busy
        from {schema}.maintenance_drop_partition('inbox', days_kept) as d;
    end if;
end
$body$
$definition$);

-- Creates the missing partitions of the archive from today to `days_ahead` days from now (UTC). Returns their names;
-- null if another session maintains the archive right now.
select define_function($definition$
create function {schema}.outbox_archive_create_partitions(days_ahead integer) returns text[]
    language plpgsql
    security definer
    set search_path = {search_path}
    set lock_timeout = '2s'
as $body$
declare
    today date := (now() at time zone 'utc')::date;
begin
    if (days_ahead between 0 and 366) is not true then
        raise invalid_parameter_value using message = 'outbox_archive_create_partitions: days out of range';
    end if;
    if not pg_try_advisory_xact_lock(hashtext('outbox_archive_maintain'), hashtext({schema_text})) then
        return null;
    end if;
    return array(
        select created.child
        from generate_series(0, days_ahead) as n (days),
             {schema}.maintenance_create_partition(
                 'outbox_archive',
                 today + n.days,
                 ((today + n.days)::timestamp at time zone 'utc')::text,
                 ((today + n.days + 1)::timestamp at time zone 'utc')::text
             ) as created (child)
        where created.child is not null
    );
end
$body$
$definition$);

-- Drops one partition of the archive, as maintenance_drop_partition tells.
select define_function($definition$
create function {schema}.outbox_archive_drop_partitions(days_kept integer, out dropped text, out busy integer)
    language plpgsql
    security definer
    set search_path = {search_path}
    set lock_timeout = '100ms'
as $body$
begin
    if (days_kept between 0 and 36600) is not true then
        raise invalid_parameter_value using message = 'outbox_archive_drop_partitions: days out of range';
    end if;
    busy := 0;
    if pg_try_advisory_xact_lock(hashtext('outbox_archive_maintain'), hashtext({schema_text})) then
        select d.dropped, d.busy into dropped, busy
        from {schema}.maintenance_drop_partition('outbox_archive', days_kept) as d;
    end if;
end
$body$
$definition$);

-- For the previous release, which calls one function for both: how many partitions were created or dropped.
select define_function($definition$
create or replace function {schema}.inbox_maintain(days_kept integer, days_ahead integer) returns integer
    language sql
    security definer
    set search_path = {search_path}
as $body$
    select coalesce(cardinality({schema}.inbox_create_partitions(days_kept, days_ahead)), 0)
        + (select count(d.dropped)::integer from {schema}.inbox_drop_partitions(days_kept) as d)
$body$
$definition$);

select define_function($definition$
create or replace function {schema}.outbox_archive_maintain(days_kept integer, days_ahead integer) returns integer
    language sql
    security definer
    set search_path = {search_path}
as $body$
    select coalesce(cardinality({schema}.outbox_archive_create_partitions(days_ahead)), 0)
        + (select count(d.dropped)::integer from {schema}.outbox_archive_drop_partitions(days_kept) as d)
$body$
$definition$);

-- Age in seconds of the oldest snapshot of this database: while it is held, no dead row of the outbox can be removed.
-- It answers one number, so a service does not learn what other sessions do.
select define_function($definition$
create or replace function {schema}.outbox_oldest_snapshot_seconds() returns double precision
    language sql
    security definer
    set search_path = {search_path}
as $body$
    select coalesce(max(extract(epoch from clock_timestamp() - held.since)), 0)::double precision
    from (
        select xact_start as since
        from pg_catalog.pg_stat_activity
        where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid()
        union all
        select prepared as since from pg_catalog.pg_prepared_xacts where database = current_database()
    ) as held
$body$
$definition$);

drop function define_function(text);

do $$
declare
    own       text := current_schema();
    service   text := own || '_service';
    owner     text;
    monitor   text;
    relation  regclass;
    procedure regprocedure;
    owned     regprocedure[] := array[
        'maintenance_create_partition(text, date, text, text)',
        'maintenance_drop_partition(text, integer)',
        'inbox_create_partitions(integer, integer)',
        'inbox_drop_partitions(integer)',
        'inbox_maintain(integer, integer)',
        'outbox_archive_create_partitions(integer)',
        'outbox_archive_drop_partitions(integer)',
        'outbox_archive_maintain(integer, integer)'
    ];
begin
    foreach procedure in array owned || 'outbox_oldest_snapshot_seconds()'::regprocedure loop
        execute format('revoke all on function %s from public', procedure);
    end loop;
    if exists (select from pg_roles where rolname = service) then
        -- All but the first two, which only the others call.
        foreach procedure in array owned[3:] || 'outbox_oldest_snapshot_seconds()'::regprocedure loop
            execute format('grant execute on function %s to %I', procedure, service);
        end loop;
    end if;

    -- A role that happens to have the name and is not the applying role's to use is left alone.
    select rolname into owner from pg_roles
    where rolname = own || '_owner' and not rolsuper and pg_has_role(current_user, oid, 'member');
    if owner is not null then
        execute format('grant usage, create on schema %I to %I', own, owner);
        for relation in
            select 'inbox'::regclass union all select 'outbox_archive'::regclass
            union all
            select inhrelid::regclass from pg_inherits
            where inhparent in ('inbox'::regclass, 'outbox_archive'::regclass)
        loop
            execute format('alter table %s owner to %I', relation, owner);
        end loop;
        foreach procedure in array owned loop
            execute format('alter function %s owner to %I', procedure, owner);
        end loop;
    end if;

    select rolname into monitor from pg_roles
    where rolname = own || '_monitor' and not rolsuper and pg_has_role(current_user, oid, 'member');
    if monitor is not null then
        -- PostgreSQL wants the new owner of a function to have CREATE at this moment; it is not needed afterwards.
        execute format('grant create on schema %I to %I', own, monitor);
        execute format('alter function outbox_oldest_snapshot_seconds() owner to %I', monitor);
        execute format('revoke create on schema %I from %I', own, monitor);
    end if;
end
$$;
