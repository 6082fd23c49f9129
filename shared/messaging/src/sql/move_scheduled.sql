-- An event that is being cancelled is skipped: if the cancellation fails, the next run finds it.
with due as (
    delete from outbox_scheduled
    where event_id in (
        select event_id
        from outbox_scheduled
        where due_at <= clock_timestamp()
        order by due_at, event_id
        limit $1
        for update skip locked
    )
    returning *
)
insert into outbox (
    lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, traceparent, payload, occurred_at,
    content_type, hold_key, allow_unrouted, headers
)
select lane, event_id, exchange, routing_key, ordering_key, sequence, correlation_id, traceparent, payload, due_at,
       content_type, hold_key, allow_unrouted, headers
from due
order by due_at, event_id
returning lane
