-- Counting stops at 10,000, because a more exact number makes no difference to operators.
select l.lane,
       (
           select extract(epoch from clock_timestamp() - o.occurred_at)::double precision
           from outbox o
           where o.lane = l.lane
           order by o.id
           limit 1
       ),
       (select count(*) from (select from outbox o where o.lane = l.lane limit 10000) as counted),
       (select count(*) from (select from outbox o where o.lane = -1 - l.lane and o.lane < 0 limit 10000) as counted)
from unnest($1::smallint[]) as l (lane)
