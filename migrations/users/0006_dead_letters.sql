-- Events that a service gave up, for a person to decide about. This file is a copy of shared/messaging/migrations;
-- `cargo xtask tidy` keeps the copies equal.

-- One row per event and direction: an event that fails again after a replay opens its row again.
create table dead_letters (
    -- incoming: could not be handled. outgoing: could not be delivered, parked by the relay.
    direction      text        not null,
    -- The event's id; of a message that is no event, an id derived from its bytes.
    event_id       uuid        not null,
    -- `orders.OrderCreated.v1`; what the message called itself when it could not be read.
    event_type     text        not null,
    ordering_key   text,
    -- For people: `rejected: there is no order …`, `312 NO_ROUTE`.
    reason         text        not null,
    -- Tries so far, all replays included.
    attempts       integer     not null,
    correlation_id uuid,
    -- W3C trace context of whoever appended the event.
    traceparent    text,
    content_type   text        not null,
    payload        bytea       not null,
    -- Where an outgoing event was to go; null for an incoming one, which goes back to the service's own inbox.
    exchange       text,
    routing_key    text,
    -- Its place in the outbox when it is replayed.
    lane           smallint    not null,
    -- Null when what came in was no event.
    sequence       bigint,
    occurred_at    timestamptz,
    -- When it failed first, since it was last sent on its way.
    first_failed_at timestamptz,
    -- When it was given up. The same moment twice is the same letter twice.
    failed_at      timestamptz not null default now(),
    state          text        not null default 'open',
    -- When it was replayed or discarded.
    settled_at     timestamptz,
    constraint dead_letters_pkey primary key (direction, event_id),
    constraint dead_letters_direction_known check (direction in ('incoming', 'outgoing')),
    constraint dead_letters_state_known check (state in ('open', 'replayed', 'discarded')),
    constraint dead_letters_settled_unless_open check ((state = 'open') = (settled_at is null)),
    constraint dead_letters_outgoing_has_a_way check (
        direction = 'incoming' or (exchange is not null and routing_key is not null and sequence is not null and correlation_id is not null
            and ordering_key is not null and occurred_at is not null)
    )
);

-- The list that people read: what is open, newest first.
create index dead_letters_by_state on dead_letters (state, failed_at desc, event_id desc);

do $$
declare
    role text := current_schema() || '_service';
begin
    if exists (select from pg_roles where rolname = role) then
        execute format('grant select, insert, update on dead_letters to %I', role);
    end if;
end
$$;
