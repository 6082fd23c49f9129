-- By the rows' places, looked up one by one: statistics of a table that is empty one moment and full the next make the
-- planner join the other way round now and then, which reads the whole table for every row. `offset 0` and the
-- comparison of `ctid` leave it no choice.
delete from outbox
where ctid = any (array(
    select o.ctid
    from unnest($1::smallint[], $2::bigint[]) as d (lane, id)
    cross join lateral (select ctid from outbox where outbox.lane = d.lane and outbox.id = d.id offset 0) as o
))
