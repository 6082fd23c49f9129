-- Creates temporary objects that shadow everything a function with an unsafe search path could use. Each calls
-- pg_temp.note, which records the current role.
do $$
declare
    name      text;
    arguments text;
    result    text;
begin
    -- Functions and operators first: shadowed types would also break this block.
    for name, arguments, result in
        select p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid), p.prorettype::regtype
        from pg_catalog.pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace and p.prokind = 'f' and not p.proretset
          and p.proname in ('array_append', 'cardinality', 'clock_timestamp', 'current_database', 'current_schema',
              'format', 'hashtext', 'lpad', 'now', 'pg_backend_pid', 'pg_try_advisory_xact_lock', 'substr', 'timezone',
              'to_char', 'to_hex', 'to_regclass')
    loop
        begin
            execute format(
                'create function pg_temp.%I(%s) returns %s language plpgsql as %L',
                name, arguments, result, format('begin perform pg_temp.note(%L); return null; end', name)
            );
        exception when others then
            null; -- Polymorphic functions, and those that are not allowed in this language.
        end;
    end loop;
    create function pg_temp.joined(text, text) returns text language plpgsql as
        'begin perform pg_temp.note(''||''); return null; end';
    create operator pg_temp.|| (leftarg = text, rightarg = text, function = pg_temp.joined);
    create function pg_temp.days_later(date, integer) returns date language plpgsql as
        'begin perform pg_temp.note(''+''); return null; end';
    create operator pg_temp.+ (leftarg = date, rightarg = integer, function = pg_temp.days_later);

    -- Views that shadow the tables of the catalogue, and tables that shadow the service's own.
    for name in
        select c.relname from pg_catalog.pg_class c
        where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind in ('r', 'v')
          and pg_catalog.has_table_privilege(c.oid, 'select')
    loop
        begin
            execute format('create temporary view %1$I as select * from pg_catalog.%1$I where pg_temp.note(%1$L)', name);
            execute format('grant all on pg_temp.%I to public', name);
        exception when invalid_table_definition then
            null; -- Has a column of a pseudo-type.
        end;
    end loop;
    foreach name in array array['inbox', 'outbox', 'outbox_archive', 'outbox_scheduled', 'dead_letters'] loop
        execute format('create temporary table %I (event_id pg_catalog.uuid)', name);
        execute format('grant all on pg_temp.%I to public', name);
    end loop;

    for name in
        select t.typname from pg_catalog.pg_type t
        where t.typnamespace = 'pg_catalog'::regnamespace and t.typtype = 'b' and t.typelem = 0
    loop
        execute format('create domain pg_temp.%1$I as pg_catalog.%1$I check (pg_temp.note(%1$L))', name);
    end loop;
end
$$;
