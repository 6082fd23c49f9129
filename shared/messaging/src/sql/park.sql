-- An event that was parked before, and replayed, opens its row again.
with parked as (
    delete from outbox
    using unnest($1::smallint[], $2::bigint[], $3::integer[], $4::text[]) as p (lane, id, attempts, reason)
    where outbox.lane = p.lane
      and outbox.id = p.id
    returning outbox.*, p.attempts as tries, p.reason
)
insert into dead_letters (
    direction, event_id, event_type, ordering_key, reason, attempts, correlation_id, traceparent, content_type, payload,
    exchange, routing_key, lane, sequence, occurred_at
)
select 'outgoing', event_id, coalesce(wire_type, routing_key), ordering_key, reason, tries, correlation_id, traceparent,
       content_type, payload, exchange, routing_key, case when lane < 0 then -1 - lane else lane end, sequence,
       occurred_at
from parked
on conflict (direction, event_id) do update
set state = 'open',
    settled_at = null,
    failed_at = now(),
    reason = excluded.reason,
    attempts = dead_letters.attempts + excluded.attempts
