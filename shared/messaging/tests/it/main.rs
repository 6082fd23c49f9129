//! Integration tests of the messaging crate with a real database and a real broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod backlog;
mod bare;
mod peer;
mod stage;

mod aborted;
mod appending;
mod broker_faults;
mod cancelled;
mod crashes;
mod declared;
mod editing;
mod endurance;
mod examples;
mod first_event;
mod foreign;
mod former_names;
mod full_queues;
mod handlers;
mod interleavings;
mod ladders;
mod lanes;
mod large_events;
mod maintaining;
mod maintenance;
mod missing_producers;
mod mixed_releases;
mod outages;
mod packages;
mod parallel;
mod peers;
mod pgbouncer;
mod prefetch;
mod publishing;
mod read_only;
mod readiness;
mod rejections;
mod relays;
mod replays;
mod rotation;
mod scheduled;
mod schemas;
mod several_handlers;
mod some_events;
mod stopping;
mod storms;
mod stuck_routes;
mod subscriptions;
mod topologies;
mod undeliverable;
mod windows;
