//! End-to-end tests of the whole system: the real programs, driven only through the gateway.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod binaries;
mod collector;
mod keys;
mod stage;
mod table;
mod tls;

mod invariants;
mod load;
mod problem;
mod queues;
mod report;

mod bad_input;
mod cheques;
mod cheques_bad_input;
mod documentation;
mod front_door;
mod graceful_stop;
mod invariant_checker;
mod killed_gateway;
mod killed_services;
mod large_body;
mod latency;
mod logs;
mod matrix;
mod nul;
mod privileges;
mod rotation;
mod secrets_in_logs;
mod sessions;
mod signing_in;
mod signing_keys;
mod starting;
mod tour;
mod tracing;
mod two_gateways;
mod two_replicas;
