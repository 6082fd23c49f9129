//! Stories of the messaging crate on a real database and a real broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod backlog;
mod bare;
mod stage;

mod broker_faults;
mod crashes;
mod endurance;
mod first_event;
mod interleavings;
mod ladders;
mod lanes;
mod maintenance;
mod missing_producers;
mod outages;
mod packages;
mod publishing;
mod rejections;
mod relays;
mod replays;
mod scheduled;
mod stopping;
mod storms;
mod subscriptions;
mod topologies;
mod undeliverable;
