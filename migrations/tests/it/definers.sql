-- Every `security definer` function outside of PostgreSQL's own schemas.
select n.nspname::text as schema,
       p.oid::regprocedure::text as signature,
       p.proowner::regrole::text as owner,
       (
           select substr(setting, length('search_path=') + 1)
           from unnest(p.proconfig) as setting
           where setting like 'search_path=%'
       ) as search_path,
       -- An argument of another type than integer makes the call fail; then this query must be extended.
       format('%I.%I(%s)', n.nspname, p.proname, array_to_string(array_fill('7'::text, array[p.pronargs::integer]), ', '))
           as call
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
order by signature
