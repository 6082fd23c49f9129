-- One primary-key range scan per lane; `floor` skips the dead rows of what was sent before, $4 what is being sent.
select o.lane, o.id, o.event_id, o.exchange, o.routing_key, o.wire_type, o.ordering_key, o.sequence, o.correlation_id,
       o.traceparent, o.content_type, o.payload, o.occurred_at, o.attempts, o.hold_key, o.allow_unrouted,
       coalesce(o.gives_up_at <= clock_timestamp(), false)
from unnest($1::smallint[], $2::bigint[]) as l (lane, floor)
cross join lateral (
    select *
    from outbox
    where outbox.lane = l.lane
      and outbox.id > l.floor
      and outbox.id <> all ($4::bigint[])
    order by outbox.id
    limit $3
) as o
