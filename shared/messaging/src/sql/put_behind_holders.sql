-- Only while the key is held: a relay that was frozen may be late with this, and nobody would ever free the row. The lock
-- makes a release wait, or this see it.
with held as (
    select k.lane, k.ordering_key
    from outbox_held_keys k
    where (k.lane, k.ordering_key) in (
        select case when o.lane < 0 then -1 - o.lane else o.lane end, o.ordering_key
        from outbox o
        join unnest($1::smallint[], $2::bigint[]) as h (lane, id) on o.lane = h.lane and o.id = h.id
    )
    for share
)
update outbox
set lane = case when outbox.lane < 0 then outbox.lane else -1 - outbox.lane end,
    not_before = 'infinity'
from unnest($1::smallint[], $2::bigint[]) as h (lane, id), held
where outbox.lane = h.lane
  and outbox.id = h.id
  and held.lane = case when outbox.lane < 0 then -1 - outbox.lane else outbox.lane end
  and held.ordering_key = outbox.ordering_key
