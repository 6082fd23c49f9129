//! Integration tests of router-service: the real program with a real database, broker and cache.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod stage;

mod bad_input;
mod claiming;
mod correcting;
mod deleting;
mod failing;
mod giving_back;
mod grouping;
mod history;
mod joining;
mod measuring;
mod opening;
mod settling;
mod splitting;
mod watching;
