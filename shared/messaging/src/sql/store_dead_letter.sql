insert into dead_letters as kept (
    direction, event_id, event_type, ordering_key, reason, attempts, correlation_id, traceparent, content_type, payload,
    lane, sequence, occurred_at, first_failed_at, failed_at, headers
)
values ('incoming', $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::jsonb)
on conflict (direction, event_id) do update
set reason = excluded.reason, attempts = least(kept.attempts::bigint + excluded.attempts, 2147483647), content_type = excluded.content_type,
    payload = excluded.payload, first_failed_at = excluded.first_failed_at, failed_at = excluded.failed_at,
    headers = excluded.headers, state = 'open', settled_at = null
where kept.failed_at is distinct from excluded.failed_at
