-- $1, $2: key of an open, locked dead letter. $3, $4: exchange and routing key of the own inbox. $5 to $14: the new event.
with settled as (
    update dead_letters
    set state = 'replayed', settled_at = clock_timestamp(), replaced_by = $5
    where direction = $1 and event_id = $2
    returning *
)
insert into outbox (
    lane, event_id, exchange, routing_key, wire_type, ordering_key, sequence, correlation_id, traceparent, content_type,
    payload, occurred_at, hold_key, allow_unrouted, headers
)
select $6, $5,
       case direction when 'incoming' then $3 else exchange end,
       case direction when 'incoming' then $4 else routing_key end,
       $14, $7, $8, $9, $10, $11, $12, $13, false, allow_unrouted, headers
from settled
