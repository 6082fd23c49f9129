-- Generates the statements for one service's roles, its rights on the database, and its schema: $1 is the schema, $2
-- the password of its role. DDL takes no parameters, so the server builds the statements with its own quoting.
with applying as (
    select rolsuper,
           -- Since version 16, the right to create roles no longer includes granting every role.
           rolsuper
               or current_setting('server_version_num')::integer < 160000
               or pg_has_role('pg_read_all_stats', 'member with admin option') as may_grant_stats
    from pg_roles
    where rolname = current_user
)
select statement
from (
    select 1, format(
        case when exists (select from pg_roles where rolname = $1 || '_service')
            then 'alter role %I login password %L'
            else 'create role %I login password %L'
        end,
        $1 || '_service', $2
    )
    union all
    -- Just-in-time compilation takes tens of milliseconds, longer than any statement of a service. A wrong estimate is
    -- enough to start it.
    select 2, format('alter role %I set jit = off', $1 || '_service')
    union all
    -- Owners of the functions that run DDL for the service, and of those that read other sessions. They cannot log in.
    select 3, format(
        case when exists (select from pg_roles where rolname = role)
            then 'alter role %I nologin'
            else 'create role %I nologin'
        end,
        role
    )
    from unnest(array[$1 || '_owner', $1 || '_monitor']) as role
    union all
    -- An administrator without superuser rights can transfer objects only to roles of which they are a member.
    select 4, format('grant %I to current_user', role)
    from unnest(array[$1 || '_owner', $1 || '_monitor']) as role, applying
    where not rolsuper
    union all
    -- Without it, the age of the oldest snapshot includes only the service's own sessions.
    select 5, format('grant pg_read_all_stats to %I', $1 || '_monitor') from applying where may_grant_stats
    union all
    -- A temporary type or table can shadow another one in a function with an unsafe search path, and the services need
    -- none. Copying a database does not copy the rights on it, so this is repeated at every run.
    select 6, format('revoke temporary on database %I from public', current_database())
    union all
    select 7, format('create schema if not exists %I', $1)
) as steps (step, statement)
order by step
