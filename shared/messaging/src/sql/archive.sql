with sent as (
    delete from outbox
    using unnest($1::smallint[], $2::bigint[]) as d (lane, id)
    where outbox.lane = d.lane
      and outbox.id = d.id
    returning outbox.*
)
insert into outbox_archive (
    sent_at, event_id, exchange, routing_key, wire_type, ordering_key, sequence, correlation_id, traceparent,
    content_type, payload, occurred_at, attempts
)
select clock_timestamp(), event_id, exchange, routing_key, coalesce(wire_type, routing_key), ordering_key, sequence,
       correlation_id, traceparent, content_type, payload, occurred_at, attempts
from sent
