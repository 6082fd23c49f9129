//! A model of relay, inbox, ladder and dead letters, checked in every order of steps. It needs no server.
//!
//! What it abstracts from, and what was found: `docs/adr/0024-the-protocol-is-checked-in-a-model.md`. State counts and
//! traces: `cargo test -p rabbit-outbox --test model -- --nocapture`.

mod checker;

mod design;
mod scenario;

mod broker;
mod consumer;
mod outcome;
mod relay;
mod system;
mod world;

mod claim;

mod faults;
mod limits;
mod promises;
