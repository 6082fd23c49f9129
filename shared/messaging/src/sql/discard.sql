-- $1, $2: keys of open, locked dead letters. The relay's periodic tasks release events that wait for an outgoing one.
update dead_letters
set state = 'discarded', settled_at = clock_timestamp()
from unnest($1::text[], $2::uuid[]) as k (direction, event_id)
where dead_letters.direction = k.direction and dead_letters.event_id = k.event_id
