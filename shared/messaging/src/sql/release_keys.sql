with released as (
    delete from outbox_held_keys
    where lane = $1 and ordering_key = any ($2)
    returning ordering_key
)
update outbox
set lane = $1,
    not_before = null
from released
where outbox.lane = -1 - $1::smallint
  and outbox.lane < 0
  and outbox.ordering_key = released.ordering_key
  and outbox.not_before = 'infinity'
