//! Integration tests of router-service: the real program with a real database, broker and cache.

#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod stage;

mod adding_photos;
mod bad_input;
mod claiming;
mod correcting;
mod currencies;
mod deleting;
mod editing_lines;
mod entering;
mod failing;
mod giving_back;
mod group_edges;
mod group_memory;
mod grouping;
mod history;
mod joining;
mod measuring;
mod naming;
mod opening;
mod payer_does_it_all;
mod settling;
mod several_payers;
mod splitting;
mod watching;
