-- Counting stops at $1, so that a report on a backlog of millions stays cheap.
-- $2: the class of the lanes' advisory locks.
select l.lane::smallint as lane,
       (select count(*) from (select from outbox o where o.lane = l.lane limit $1) as sent_soon) as unsent,
       (select count(*) from (select from outbox o where o.lane = -1 - l.lane limit $1) as sent_later) as waiting,
       (
           select extract(epoch from clock_timestamp() - o.occurred_at)::float8
           from outbox o
           where o.lane = l.lane
           order by o.id
           limit 1
       ) as oldest_age_secs,
       exists (
           select from pg_locks
           where locktype = 'advisory' and granted and mode = 'ExclusiveLock' and objsubid = 2
             and classid = $2::bigint::oid and objid = l.lane::oid
             and database = (select oid from pg_database where datname = current_database())
       ) as owned
from generate_series(0, $3) as l (lane)
order by l.lane
