-- One primary-key range scan per lane; `floor` skips the dead rows of what was sent before.
select o.lane, o.id, o.event_id, o.exchange, o.routing_key, o.sequence, o.correlation_id, o.traceparent,
       o.content_type, o.payload, o.occurred_at, o.attempts
from unnest($1::smallint[], $2::bigint[]) as l (lane, floor)
cross join lateral (
    select *
    from outbox
    where outbox.lane = l.lane
      and outbox.id > l.floor
      and (outbox.not_before is null or outbox.not_before <= now())
    order by outbox.id
    limit $3
) as o
order by o.id
