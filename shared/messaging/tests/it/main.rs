//! Stories of the messaging crate on a real database and a real broker.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod stage;

mod broker_faults;
mod crashes;
mod first_event;
mod interleavings;
mod ladders;
mod lanes;
mod missing_producers;
mod outages;
mod publishing;
mod rejections;
mod replays;
mod subscriptions;
mod topologies;
