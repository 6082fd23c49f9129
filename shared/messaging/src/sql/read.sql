-- One primary-key range scan per lane; `floor` skips the dead rows of what was sent before, $5 what is being sent.
-- The running sum follows the index, and the length of a large payload is known without reading it.
select o.lane, o.id, o.event_id, o.exchange, o.routing_key, o.wire_type, o.ordering_key, o.sequence, o.correlation_id,
       o.traceparent, o.content_type, o.payload, o.occurred_at, o.attempts, o.hold_key, o.allow_unrouted,
       coalesce(o.gives_up_at <= clock_timestamp(), false), o.headers
from unnest($1::smallint[], $2::bigint[]) as l (lane, floor)
cross join lateral (
    select *
    from (
        select outbox.*,
               sum(octet_length(outbox.payload)) over (order by outbox.id rows unbounded preceding)
               - octet_length(outbox.payload) as bytes_before
        from outbox
        where outbox.lane = l.lane
          and outbox.id > l.floor
          and outbox.id <> all ($5::bigint[])
        order by outbox.id
        limit $3
    ) as ahead
    where ahead.bytes_before < $4
) as o
