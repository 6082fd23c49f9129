-- Only while the key is held: a relay that was frozen may run this late, and the row would never be released. With the
-- lock, a release either waits for this statement or is visible to it. Rows are found by `ctid`: see delete.sql.
with behind as materialized (
    select o.place, o.home, o.ordering_key
    from unnest($1::smallint[], $2::bigint[]) as h (lane, id)
    cross join lateral (
        select ctid as place, case when outbox.lane < 0 then -1 - outbox.lane else outbox.lane end as home, ordering_key
        from outbox
        where outbox.lane = h.lane and outbox.id = h.id
        offset 0
    ) as o
), held as materialized (
    select k.lane, k.ordering_key
    from outbox_held_keys k
    where (k.lane, k.ordering_key) in (select home, ordering_key from behind)
    for share
)
update outbox
set lane = case when outbox.lane < 0 then outbox.lane else -1 - outbox.lane end,
    not_before = 'infinity'
from behind
join held on held.lane = behind.home and held.ordering_key = behind.ordering_key
where outbox.ctid = behind.place
