-- $1, $2: keys of open, locked letters.
with settled as (
    update dead_letters
    set state = 'discarded', settled_at = clock_timestamp()
    from unnest($1::text[], $2::uuid[]) as k (direction, event_id)
    where dead_letters.direction = k.direction and dead_letters.event_id = k.event_id
    returning dead_letters.direction, dead_letters.event_id
), freed as (
    -- Nothing waits any more for an outgoing event that will never go.
    delete from outbox_held_keys h using settled s
    where s.direction = 'outgoing' and h.event_id = s.event_id
    returning h.lane, h.ordering_key
)
update outbox
set not_before = now()
from freed
where outbox.lane = -1 - freed.lane and outbox.ordering_key = freed.ordering_key and outbox.not_before = 'infinity'
