-- The row of an event that was parked before, and replayed, is opened again. Rows are found by `ctid`: see delete.sql.
with given_up as materialized (
    select p.attempts as tries, p.reason, o.place
    from unnest($1::smallint[], $2::bigint[], $3::integer[], $4::text[]) as p (lane, id, attempts, reason)
    cross join lateral (
        select ctid as place from outbox where outbox.lane = p.lane and outbox.id = p.id offset 0
    ) as o
), parked as (
    delete from outbox
    using given_up
    where outbox.ctid = given_up.place
    returning outbox.*, given_up.tries, given_up.reason
)
insert into dead_letters (
    direction, event_id, event_type, ordering_key, reason, attempts, correlation_id, traceparent, content_type, payload,
    exchange, routing_key, lane, sequence, occurred_at, allow_unrouted, headers
)
select 'outgoing', event_id, coalesce(wire_type, routing_key), ordering_key, reason, tries, correlation_id, traceparent,
       content_type, payload, exchange, routing_key, case when lane < 0 then -1 - lane else lane end, sequence,
       occurred_at, allow_unrouted, headers
from parked
on conflict (direction, event_id) do update
set state = 'open',
    settled_at = null,
    failed_at = now(),
    reason = excluded.reason,
    attempts = dead_letters.attempts + excluded.attempts
