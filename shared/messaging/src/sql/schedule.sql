insert into outbox_scheduled (
    lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, traceparent, payload, due_at,
    content_type, hold_key, allow_unrouted, headers
)
-- A delay counts by this clock, with which due_at is compared later: that of the application may differ.
select e.lane, e.event_id, e.exchange, e.routing_key, e.ordering_key, e.sequence, e.correlation_id, e.traceparent,
       e.payload, coalesce(clock_timestamp() + make_interval(secs => e.delay), e.due_at), $11, e.hold_key,
       e.allow_unrouted, e.headers::jsonb
from unnest(
    $1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::uuid[], $8::text[], $9::bytea[],
    $10::timestamptz[], $12::boolean[], $13::boolean[], $14::text[], $15::float8[]
) as e (
    lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, traceparent, payload, due_at,
    hold_key, allow_unrouted, headers, delay
)
