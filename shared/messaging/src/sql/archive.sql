-- Rows are found by `ctid`: see delete.sql.
with sent as (
    delete from outbox
    where ctid = any (array(
        select o.ctid
        from unnest($1::smallint[], $2::bigint[]) as d (lane, id)
        cross join lateral (select ctid from outbox where outbox.lane = d.lane and outbox.id = d.id offset 0) as o
    ))
    returning *
)
insert into outbox_archive (
    sent_at, event_id, exchange, routing_key, wire_type, ordering_key, sequence, correlation_id, traceparent,
    content_type, payload, occurred_at, attempts, headers
)
select clock_timestamp(), event_id, exchange, routing_key, coalesce(wire_type, routing_key), ordering_key, sequence,
       correlation_id, traceparent, content_type, payload, occurred_at, attempts, headers
from sent
