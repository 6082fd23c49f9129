//! Stories of the messaging crate on a real database and a real broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod backlog;
mod bare;
mod stage;

mod broker_faults;
mod crashes;
mod endurance;
mod examples;
mod first_event;
mod full_queues;
mod interleavings;
mod ladders;
mod lanes;
mod large_events;
mod maintenance;
mod missing_producers;
mod outages;
mod pgbouncer;
mod publishing;
mod rejections;
mod relays;
mod replays;
mod rotation;
mod scheduled;
mod stopping;
mod storms;
mod stuck_routes;
mod subscriptions;
mod topologies;
mod undeliverable;
