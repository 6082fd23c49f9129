-- Who has replayed, replaced, discarded or deleted which dead letter, and when. Rows are only added: the service can't
-- change or delete one. A row commits with its action.
create table dead_letter_actions (
    -- The order of insertion, and the cursor of the list.
    id         bigint      not null generated always as identity,
    -- Not to be chosen by the service: see the grants.
    at         timestamptz not null default now(),
    action     text        not null,
    direction  text        not null,
    event_id   uuid        not null,
    event_type text        not null,
    -- As the program that authenticated them names them; null for a program that acts by itself.
    operator   text,
    -- Of their client.
    address    text,
    -- Of their request.
    request_id text,
    constraint dead_letter_actions_pkey primary key (id),
    constraint dead_letter_actions_action_known check (action in ('replayed', 'replaced', 'discarded', 'deleted'))
);

-- Old rows are deleted by age.
create index dead_letter_actions_by_at on dead_letter_actions (at);

do $$
declare
    own     text := current_schema();
    service text := own || '_service';
    owner   text;
begin
    -- Deletes some of the rows that are older than so many days, and returns how many. It keeps at least 30 days, whoever
    -- calls it: a compromised service can't hide what it has done.
    execute format(
        $define$
        create function dead_letter_actions_delete_old(keep_days integer) returns bigint
            language sql
            security definer
            set search_path = pg_catalog, %1$I, pg_temp
        as $body$
            with old as (
                select id from %1$I.dead_letter_actions
                where at < pg_catalog.now() - pg_catalog.make_interval(days => greatest(keep_days, 30))
                order by at limit 10000
            ), deleted as (
                delete from %1$I.dead_letter_actions where id in (select id from old) returning id
            )
            select count(*) from deleted
        $body$
        $define$,
        own
    );
    revoke all on function dead_letter_actions_delete_old(integer) from public;
    if exists (select from pg_roles where rolname = service) then
        execute format('grant select on dead_letter_actions to %I', service);
        execute format(
            'grant insert (action, direction, event_id, event_type, operator, address, request_id) '
            'on dead_letter_actions to %I',
            service
        );
        execute format('grant execute on function dead_letter_actions_delete_old(integer) to %I', service);
    end if;
    -- A role that happens to have the name and is not the applying role's to use is left alone.
    select rolname into owner from pg_roles
    where rolname = own || '_owner' and not rolsuper and pg_has_role(current_user, oid, 'member');
    if owner is not null then
        execute format('grant select, delete on dead_letter_actions to %I', owner);
        execute format('alter function dead_letter_actions_delete_old(integer) owner to %I', owner);
    end if;
end
$$;
