-- Keys whose holder neither waits, nor is parked, nor was replayed and is not yet published. The first two conditions are
-- cheap and usually decide.
select h.lane, h.ordering_key
from outbox_held_keys h
where h.lane = any ($1)
  and case
      when exists (
          select from outbox o
          where o.lane = -1 - h.lane and o.lane < 0 and o.ordering_key = h.ordering_key and o.event_id = h.event_id
      ) then false
      when exists (
          select from dead_letters d
          where d.direction = 'outgoing' and d.event_id = h.event_id and d.state = 'open'
      ) then false
      else not exists (select from outbox o where o.lane = h.lane and o.event_id = h.event_id)
  end
