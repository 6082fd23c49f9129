-- $1, $2: keys of open, locked dead letters. $3, $4: exchange and routing key of the own inbox. $5: whether to deliver an
-- event that is older than the inbox window.
with settled as (
    update dead_letters
    set state = 'replayed', settled_at = clock_timestamp()
    from unnest($1::text[], $2::uuid[]) as k (direction, event_id)
    where dead_letters.direction = k.direction and dead_letters.event_id = k.event_id
    returning dead_letters.*
)
insert into outbox (
    lane, event_id, exchange, routing_key, wire_type, ordering_key, sequence, correlation_id, traceparent, content_type,
    payload, occurred_at, hold_key, allow_unrouted, headers
)
select lane, event_id,
       case direction when 'incoming' then $3 else exchange end,
       case direction when 'incoming' then $4 else routing_key end,
       event_type, coalesce(ordering_key, event_id::text), coalesce(sequence, 0), coalesce(correlation_id, event_id),
       traceparent, content_type, payload, coalesce(occurred_at, failed_at),
       -- Later events of its key still wait for it.
       exists (select from outbox_held_keys h where h.event_id = settled.event_id),
       allow_unrouted,
       case when $5 then coalesce(headers, '{}') || '{"outbox-beyond-window": "accepted"}' else headers end
from settled
order by failed_at, event_id
