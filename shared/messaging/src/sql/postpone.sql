-- A row that waits leaves its lane for the lane's shadow, and keeps its id.
update outbox
set lane = case when outbox.lane < 0 then outbox.lane else -1 - outbox.lane end,
    attempts = p.attempts,
    not_before = clock_timestamp() + make_interval(secs => p.wait_seconds),
    last_error = p.reason
from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::double precision[], $5::text[])
    as p (lane, id, attempts, wait_seconds, reason)
where outbox.lane = p.lane
  and outbox.id = p.id
