-- DDL takes no parameters, so the server writes the statements with its own quoting.
select format(
    case when exists (select from pg_roles where rolname = $1 || '_service')
        then 'alter role %I login password %L'
        else 'create role %I login password %L'
    end,
    $1 || '_service', $2
)
union all
select format('create schema if not exists %I', $1)
