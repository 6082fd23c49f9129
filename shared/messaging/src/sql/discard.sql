-- $1, $2: keys of open, locked letters. Events that wait for an outgoing one are freed by the relay's chores.
update dead_letters
set state = 'discarded', settled_at = clock_timestamp()
from unnest($1::text[], $2::uuid[]) as k (direction, event_id)
where dead_letters.direction = k.direction and dead_letters.event_id = k.event_id
