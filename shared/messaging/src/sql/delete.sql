-- Rows are found one by one by their `ctid`. With the stale statistics of a table that is empty one moment and full the
-- next, the planner would sometimes reverse the join and read the whole table for every row. `offset 0` and the
-- comparison of `ctid` prevent this.
delete from outbox
where ctid = any (array(
    select o.ctid
    from unnest($1::smallint[], $2::bigint[]) as d (lane, id)
    cross join lateral (select ctid from outbox where outbox.lane = d.lane and outbox.id = d.id offset 0) as o
))
