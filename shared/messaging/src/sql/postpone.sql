-- A row that waits leaves its lane for the lane's shadow, and keeps its id. Found by `ctid`: see delete.sql.
with waits as materialized (
    select p.attempts, p.wait_seconds, p.reason, p.pressure, o.place
    from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::double precision[], $5::text[], $7::boolean[])
        as p (lane, id, attempts, wait_seconds, reason, pressure)
    cross join lateral (
        select ctid as place from outbox where outbox.lane = p.lane and outbox.id = p.id offset 0
    ) as o
)
update outbox
set lane = case when outbox.lane < 0 then outbox.lane else -1 - outbox.lane end,
    attempts = waits.attempts,
    -- Without its own pause it waits for its route, up to the maximum time.
    not_before = coalesce(
        clock_timestamp() + make_interval(secs => waits.wait_seconds),
        case when waits.pressure then null else outbox.gives_up_at end,
        clock_timestamp() + make_interval(secs => $6)
    ),
    -- If the broker refuses for now, the row waits without a limit.
    gives_up_at = case
        when waits.pressure then outbox.gives_up_at
        else coalesce(outbox.gives_up_at, clock_timestamp() + make_interval(secs => $6))
    end,
    last_error = waits.reason
from waits
where outbox.ctid = waits.place
