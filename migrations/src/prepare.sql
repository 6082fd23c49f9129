-- Roles, rights on the database, and the schema of one service: $1 is the schema, $2 the password of its role.
-- DDL takes no parameters, so the server writes the statements with its own quoting.
with applying as (
    select rolsuper,
           -- From version 16 on, the right to create roles does not include granting any role.
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
    -- Owners of what runs DDL for the service, and of what looks at other sessions. Nobody signs in as these.
    select 2, format(
        case when exists (select from pg_roles where rolname = role)
            then 'alter role %I nologin'
            else 'create role %I nologin'
        end,
        role
    )
    from unnest(array[$1 || '_owner', $1 || '_monitor']) as role
    union all
    -- An administrator who is no superuser gives objects only to roles of which he is a member.
    select 3, format('grant %I to current_user', role)
    from unnest(array[$1 || '_owner', $1 || '_monitor']) as role, applying
    where not rolsuper
    union all
    -- Without it, the age of the oldest snapshot counts the service's own sessions only.
    select 4, format('grant pg_read_all_stats to %I', $1 || '_monitor') from applying where may_grant_stats
    union all
    -- A temporary type or table can stand in for another in a function with careless search path. The services need
    -- none. Rights on a database are not copied with it, so this is said again at every run.
    select 5, format('revoke temporary on database %I from public', current_database())
    union all
    select 6, format('create schema if not exists %I', $1)
) as steps (step, statement)
order by step
